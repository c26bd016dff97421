"""A file for each ingredient."""
