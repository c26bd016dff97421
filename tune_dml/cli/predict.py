"""``tune-dml predict``: labels and probabilities for new texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from tune_dml.cli import streams
from tune_dml.cli.arguments import Debug, Encoding, LossPlugin, NoHeader
from tune_dml.errors import UsageError, nearest

EXAMPLES = """
tune-dml predict tune-dml-results/searches/NAME/model texts.csv
tune-dml predict MODEL texts.csv --format jsonl --output labelled.jsonl
tune-dml predict MODEL texts.csv --keep id,date    # or --keep all
echo 'a gorgeous film' | tune-dml predict MODEL -
"""

_FORMATS = ("csv", "jsonl")


def predict(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder that a search or train wrote.")],
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|-", help="CSV, TSV, JSONL, Parquet, or .txt with a text a line, as - reads stdin."
        ),
    ],
    text_column: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Column of the text; give it twice for pairs.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B|all",
            help="Columns of FILE to write too, as they are, before the text. One that is called as a column of the "
            "output gets '_input' behind its name.",
        ),
    ] = None,
    encoding: Encoding = None,
    no_header: NoHeader = False,
    out_format: Annotated[str, typer.Option("--format", metavar="NAME", help="csv or jsonl.")] = "csv",
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="Write here instead of stdout, all or nothing.")
    ] = None,
    loss_plugin: LossPlugin = None,
    debug: Debug = False,
) -> None:
    """Label new texts with a saved model.

    A row for each row of FILE, blank ones too, in order: kept columns, the text, the label, and the probability of
    every class.
    """
    if out_format not in _FORMATS:
        raise UsageError(f"--format is csv or jsonl, not '{out_format}': {nearest(out_format, _FORMATS)}")
    chosen = cast(Literal["csv", "jsonl"], out_format)
    columns, plugins = tuple(text_column or ()), tuple(loss_plugin or ())
    kept = _names(keep)
    if output is None:
        from tune_dml.workflows.predict import predict_file

        try:
            with streams.data_stream() as stream:
                predict_file(
                    model, file, columns, chosen, stream, plugins, keep=kept, encoding=encoding, header=not no_header
                )
        except BrokenPipeError:
            # As after | head: whoever reads has enough.
            raise SystemExit(streams.BROKEN_PIPE) from None
        return
    path = Path(output)
    if path.is_dir():
        raise UsageError(f"--output {output} is a folder; name a file.")
    if path.exists() and file != "-" and Path(file).exists() and path.samefile(file):
        raise UsageError(f"--output {output} is the file with the texts; name another one.")
    from tune_dml.reporting import replacing
    from tune_dml.workflows.predict import predict_file

    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        rows = predict_file(
            model, file, columns, chosen, stream, plugins, keep=kept, encoding=encoding, header=not no_header
        )
    print(f"{rows} {'text' if rows == 1 else 'texts'} labelled in {output}.", file=sys.stderr)


def _names(given: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for text in given or () for name in text.split(",") if name.strip()))
