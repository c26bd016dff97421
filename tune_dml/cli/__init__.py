"""The command line. Arguments in, text out; one file per command."""

from tune_dml.cli.entry import main

__all__ = ["main"]
