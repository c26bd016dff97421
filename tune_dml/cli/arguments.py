"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError

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
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind", metavar="NAME", help="Of the task: multilabel (any number of labels), regression (numbers)."
    ),
]
GroupColumn = Annotated[
    str | None, typer.Option("--group-column", metavar="NAME", help="Rows with the same value here are never parted.")
]
LabelColumn = Annotated[str | None, typer.Option("--label-column", metavar="NAME", help="Column of the label.")]
LabelTexts = Annotated[
    str | None,
    typer.Option("--label-texts", metavar="FILE", help="Texts that describe the classes: columns class and text."),
]
Templates = Annotated[
    str | None,
    typer.Option(
        "--templates", metavar="FILE", help="For prompts: one in each line, or a list of 'tune-dml templates'."
    ),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[,NAME]",
        help="A folder or a model on the hub, several to be searched, or 'suggest'; all-mpnet-base-v2 where a GPU is "
        "visible, else all-MiniLM-L6-v2.",
    ),
]
MaxLength = Annotated[
    str | None,
    typer.Option(
        metavar="N|auto", help="Tokens of a text that are read, 128 unless told; auto: what 95% of the texts have."
    ),
]
Words = Annotated[
    list[str] | None,
    typer.Option("--words", metavar="CLASS=WORD,...", help="What classes begin as, in heads that know words."),
]
AdaptMlm = Annotated[
    int | None,
    typer.Option("--adapt-mlm", metavar="N", help="Masked-LM steps first, on the training texts without labels."),
]
Unlabelled = Annotated[
    str | None, typer.Option("--unlabelled", metavar="FILE", help="Texts for --adapt-mlm, instead of the task's own.")
]
WinnerOnly = Annotated[
    bool, typer.Option("--confirm-winner-only", help="Confirm the winner alone, without baselines and runners-up.")
]
NoModel = Annotated[
    bool, typer.Option("--no-model", help="Keep no model of the winner; 'tune-dml train' makes it again.")
]
Ensemble = Annotated[bool, typer.Option("--ensemble", help="Also score, and save, the average of the winner's seeds.")]
NoSoup = Annotated[
    bool, typer.Option("--no-soup", help="Save the first seed's model, not the mean of the seeds' weights.")
]
NoReference = Annotated[
    bool, typer.Option("--no-reference-ce", help="Run no usual cross entropy to hold the trials against.")
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URI",
        help="Keep a copy of the search there while it runs, for 'tune-dml fetch' on another machine: "
        "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or a folder. Credentials come from the environment.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout; everything else goes to stderr.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress, only the result.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more about what is done.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def count_or_word(text: str | None) -> int | str | None:
    """A number as such; anything else as it was given, for the workflow to judge."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return text


def listed(option: str, given: list[str] | None) -> list[str] | None:
    """The parts of an option that takes several, separated by commas or given more than once.

    Raises:
        UsageError: it names none.
    """
    if given is None:
        return None
    parts = [part.strip() for text in given for part in text.split(",") if part.strip()]
    if not parts:
        raise UsageError(f"{option} is empty; name some, such as {option} a,b, or leave it out.")
    return parts
