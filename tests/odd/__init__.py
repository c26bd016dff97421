"""Odd runs of the commands: random combinations of odd files, encoders and options. ``python -m tests.odd``."""
