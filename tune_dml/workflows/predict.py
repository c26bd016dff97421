"""Classify the texts of a file with a saved model."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tune_dml.config import absolute_path
from tune_dml.data import read_texts
from tune_dml.errors import DataError, UsageError, nearest
from tune_dml.losses import add_plugins
from tune_dml.models.folder import read_description
from tune_dml.workflows.lengths import predict_note

if TYPE_CHECKING:
    from tune_dml.models.classifier import Classifier, Text

FORMATS = ("csv", "jsonl")
BLOCK = 1024


def predict_file(
    model: str,
    source: str,
    text_columns: tuple[str, ...],
    out_format: str,
    stream: TextIO,
    loss_plugins: tuple[str, ...] = (),
) -> int:
    """Write one row per text, in order: the text(s), ``label``, and the probability of each class.

    Args:
        model: A ``model/`` folder.
        source: A CSV, TSV, JSONL or Parquet file, or ``-`` for one text per line on standard input.
        text_columns: Their names; empty takes the usual ones.
        out_format: ``csv`` or ``jsonl``.
        loss_plugins: Needed by a model that reads classes off the proxies of another package's loss.

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
    if source == "-":
        if description.kind == "pair":
            raise UsageError("This model reads pairs: give a file with two text columns instead of standard input.")
        try:
            texts: Sequence[Text] = [line.rstrip("\n") for line in sys.stdin if line.strip()]
        except UnicodeDecodeError:
            raise DataError("Standard input is not text in UTF-8.") from None
    else:
        texts = read_texts(Path(source), text_columns, pairs=description.kind == "pair")
    from tune_dml.models.classifier import load_classifier

    classifier = load_classifier(folder)
    rows = _rows(classifier, texts)
    if out_format == "csv":
        first = ["text_a", "text_b"] if description.kind == "pair" else ["text"]
        writer = csv.writer(stream)
        writer.writerow([*first, "label", *(f"p({name})" for name in classifier.label_names)])
        for text, label, probabilities in rows:
            writer.writerow([*_columns(text), label, *(f"{p:.6f}" for p in probabilities)])
    else:
        for text, label, probabilities in rows:
            named = dict(zip(classifier.label_names, (round(p, 6) for p in probabilities), strict=True))
            keys = ("text_a", "text_b") if description.kind == "pair" else ("text",)
            values = {**dict(zip(keys, _columns(text), strict=True)), "label": label, "probabilities": named}
            stream.write(json.dumps(values, ensure_ascii=False) + "\n")
    note = predict_note(classifier, texts)
    if note is not None:
        print(f"note: {note}", file=sys.stderr)
    return len(texts)


def _columns(text: Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def _rows(classifier: Classifier, texts: Sequence[Text]) -> Iterator[tuple[Text, str, list[float]]]:
    for start in range(0, len(texts), BLOCK):
        block = texts[start : start + BLOCK]
        for text, probabilities in zip(block, classifier.predict_proba(block), strict=True):
            yield text, classifier.label_names[int(probabilities.argmax())], [float(p) for p in probabilities]
