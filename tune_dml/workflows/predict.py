"""Classify the texts of a file with a saved model."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tune_dml.config import absolute_path
from tune_dml.data import KINDS, Reading, Texts, cell_text, decode_lines, json_text, read_texts
from tune_dml.driver.lengths import predict_note
from tune_dml.errors import UsageError, nearest
from tune_dml.execution.this_machine import no_more_threads_than_cores
from tune_dml.losses import add_plugins
from tune_dml.models.description import read_description

if TYPE_CHECKING:
    from tune_dml.models.classifier import Classifier, Text

FORMATS = ("csv", "jsonl")
BLOCK = 1024
#: Behind the name of a kept column that one of the output's has already.
CLASH = "_input"


def predict_file(
    model: str,
    source: str,
    text_columns: tuple[str, ...],
    out_format: str,
    stream: TextIO,
    loss_plugins: tuple[str, ...] = (),
    *,
    keep: tuple[str, ...] = (),
    encoding: str | None = None,
    header: bool = True,
    say: Callable[[str], None] = lambda note: print(note, file=sys.stderr),
) -> int:
    """Write one row per row of the source, in order: kept columns, the text(s), ``label``, and each class's
    probability where the kind of task has any.

    Args:
        model: A ``model/`` folder.
        source: A CSV, TSV, JSONL or Parquet file, a ``.txt`` file with a text a line, or ``-`` for that on standard
            input.
        text_columns: Their names; empty takes the usual ones.
        out_format: ``csv`` or ``jsonl``.
        loss_plugins: Needed by a model that reads classes off the proxies of another package's loss.
        keep: Other columns to write as they are, in front; ``all``: every one. One that is called as a column of the
            output is written with ``_input`` behind its name.
        encoding, header: How text files are read; see :class:`tune_dml.driver.request.SearchRequest`.
        say: Gets a sentence about each thing that the reader of the output should know.

    Returns:
        The number of texts.

    Raises:
        ModelError, DataError, UsageError: before anything is written.
    """
    if out_format not in FORMATS:
        raise UsageError(f"--format is '{out_format}': {nearest(out_format, FORMATS)}")
    add_plugins(loss_plugins)
    folder = absolute_path(model)
    description = read_description(folder)
    form = KINDS[description.kind].texts
    if source != "-":
        texts = read_texts(Path(source), text_columns, form, keep, Reading(encoding, header), description.text_columns)
    elif form.reads:
        raise UsageError(f"{form.reads[0].upper()}{form.reads[1:]} instead of standard input.")
    elif keep or text_columns or not header:
        raise UsageError(
            "Standard input is a text a line and has no columns: leave out --keep, --text-column, --no-header."
        )
    else:
        texts = decode_lines(_standard_input(), "standard input", encoding)
    for note in texts.notes:
        say(note)
    from tune_dml.models.classifier import load_classifier

    no_more_threads_than_cores()
    classifier = load_classifier(folder)
    # Of all texts, before the first row is written: what is refused leaves no half of an output.
    cut = predict_note(classifier, texts.rows)
    if cut is not None:
        say(cut)
    write = _write_csv if out_format == "csv" else _write_jsonl
    write(classifier, texts, form.keys, stream)
    return len(texts.rows)


def _standard_input() -> bytes:
    stream = getattr(sys.stdin, "buffer", None)
    return bytes(stream.read()) if stream is not None else sys.stdin.read().encode("utf-8", "surrogateescape")


def _write_csv(classifier: Classifier, texts: Texts, keys: tuple[str, ...], stream: TextIO) -> None:
    sure = classifier.gives_probabilities
    ours = [*keys, "label", *(f"p({name})" for name in classifier.label_names if sure)]
    writer = csv.writer(stream)
    writer.writerow([*_apart(texts.kept, ours), *ours])
    for kept, text, label, probabilities in _rows(classifier, texts):
        shown = [f"{p:.6f}" for p in probabilities if sure]
        writer.writerow([*map(cell_text, kept), *_columns(text), cell_text(label), *shown])


def _write_jsonl(classifier: Classifier, texts: Texts, keys: tuple[str, ...], stream: TextIO) -> None:
    sure = classifier.gives_probabilities
    names = _apart(texts.kept, [*keys, "label", *["probabilities"] * sure])
    for kept, text, label, probabilities in _rows(classifier, texts):
        ours = {**dict(zip(keys, _columns(text), strict=True)), "label": label}
        if sure:
            ours["probabilities"] = dict(zip(classifier.label_names, (round(p, 6) for p in probabilities), strict=True))
        stream.write(json_text({**dict(zip(names, kept, strict=True)), **ours}) + "\n")


def _apart(kept: Sequence[str] | Any, ours: Sequence[str]) -> list[str]:
    """Names of kept columns that are none of the output's own, nor of one another."""
    names: list[str] = []
    for name in kept:
        while name in ours or name in names:
            name += CLASH
        names.append(name)
    return names


def _columns(text: Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def _rows(classifier: Classifier, texts: Texts) -> Iterator[tuple[tuple[Any, ...], Text, Any, list[float]]]:
    kept = list(zip(*texts.kept.values(), strict=True)) or [()] * len(texts.rows)
    for start in range(0, len(texts.rows), BLOCK):
        block: Sequence[Text] = texts.rows[start : start + BLOCK]
        probabilities = classifier.predict_proba(block)
        labels = classifier.answers(probabilities)
        for cells, text, label, row in zip(kept[start : start + BLOCK], block, labels, probabilities, strict=True):
            yield cells, text, label, [float(p) for p in row]
