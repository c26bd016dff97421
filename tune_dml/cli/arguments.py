"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.driver.request import SearchRequest

#: Where every default of ``tune-dml search`` comes from.
DEFAULTS = SearchRequest()

Results = Annotated[str, typer.Option("--results", metavar="DIR", help="Folder that holds all results.")]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri", metavar="URI", help="MLflow server or store. Without it: the one in the results folder."
    ),
]
LossPlugin = Annotated[
    list[str] | None,
    typer.Option(
        "--loss-plugin", metavar="MODULE:NAME", help="A loss of another package, whose code then runs; may be repeated."
    ),
]
Elsewhere = Annotated[
    str | None,
    typer.Option("--address", metavar="HOST:PORT", help="Go on there: a Ray cluster, or 'local', this machine."),
]
OtherStore = Annotated[
    str | None,
    typer.Option("--store", metavar="URI", help="Keep the copy there, this time; 'none': keep none."),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Of text files, such as cp1252; found unless given."),
]
NoHeader = Annotated[
    bool, typer.Option("--no-header", help="CSV and TSV begin with data; their columns are then called 1, 2, ...")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout; everything else goes to stderr.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress, only the result.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more about what is done.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
