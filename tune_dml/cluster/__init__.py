"""Joining a cluster, commands that run on its head, and copies of a search while it runs."""
