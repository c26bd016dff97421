"""Whether what ``predict`` writes is a row for each row, in order, with its texts, ids and the right labels."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Sequence

from .attempt import Attempt
from .planted import CLASSES, Row
from .verdict import Verdict

_INVISIBLE = " \t\r\n\u00a0\u200b\u200d\ufeff"
#: Of what separates chance from being always right.
SHARE = 0.35
#: Fewer texts with a known class say nothing.
LEAST = 10


def rows_of(text: str, jsonl: bool) -> list[dict[str, str]]:
    """The rows that were written.

    Raises:
        ValueError: it is not of that format.
    """
    if jsonl:
        return [json.loads(line) for line in text.split("\n") if line]
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def judge(verdict: Verdict, text: str, jsonl: bool) -> None:
    """Holds the output of ``predict`` against the sheet."""
    attempt = verdict.attempt
    try:
        found = rows_of(text, jsonl)
    except (ValueError, csv.Error) as error:
        verdict.add(f"the output cannot be read: {error}")
        return
    rows = attempt.sheet.rows
    if not _number_fits(attempt, len(found)):
        verdict.add(f"{len(found)} rows out for {attempt.expected.rows or len(rows)} in", 6)
        return
    if len(found) == len(rows):
        _check_rows(verdict, rows, found)
    for word, case in attempt.expected.kept_words:
        if word not in text and _writable(attempt, word) == word:
            verdict.add(f"'{word}' did not come out as it went in", case)
            break
    if attempt.expected.answers and len(found) == len(rows):
        answers(verdict, rows, found, {name: name for name in CLASSES})


def _same(label: str) -> str:
    """Spellings of one label are one label."""
    return unicodedata.normalize("NFC", label).strip(_INVISIBLE).casefold()


def _number_fits(attempt: Attempt, found: int) -> bool:
    rows, form = len(attempt.sheet.rows), attempt.sheet.form
    if attempt.expected.rows is not None:
        return found == attempt.expected.rows
    # A blank line between rows of several cells may count as a row or as none.
    blank = rows // form.blank_every if form.blank_every and not attempt.stdin else 0
    return found in (rows, rows + blank)


def _check_rows(verdict: Verdict, rows: Sequence[Row], found: Sequence[dict[str, str]]) -> None:
    attempt = verdict.attempt
    ids = "--keep" in attempt.options or attempt.expected.ids is not None
    wrong = lost = 0
    for row, written in zip(rows, found, strict=True):
        cells = {str(value).strip(_INVISIBLE) for value in written.values()}
        text = _writable(attempt, str(row.text or "")).strip(_INVISIBLE)
        wrong += bool(text) and text not in cells
        lost += ids and "id" in row.extra and row.extra["id"] not in cells
    # One bad byte spoils one text.
    if attempt.expected.texts_written and wrong > len(attempt.sheet.form.spoil):
        verdict.add(f"{wrong} of {len(rows)} texts did not come out as they went in, or not in order")
    if lost:
        verdict.add(f"{lost} of {len(rows)} ids are lost", 6)


def _writable(attempt: Attempt, text: str) -> str:
    """As the file could hold it."""
    form = attempt.sheet.form
    if form.kind == "parquet":
        return text
    text = " ".join(text.splitlines()) if form.kind == "txt" else text
    return text.encode(form.encoding, "ignore").decode(form.encoding)


def answers(verdict: Verdict, rows: Sequence[Row], found: Sequence[dict[str, str]], names: dict[str, str]) -> None:
    """Whether labels are right far more often than by chance."""
    known = [
        (_same(names[row.truth]), _same(str(cells.get("label"))))
        for row, cells in zip(rows, found, strict=True)
        if row.truth in names
    ]
    if len(known) < LEAST:
        return
    right = sum(truth == label for truth, label in known) / len(known)
    chance = 1 / len(names)
    if right < chance + SHARE * (1 - chance):
        given = sorted({str(label) for _, label in known})
        verdict.add(f"{right:.2f} of the labels are right (chance: {chance:.2f}; given: {', '.join(given)})"[:200])
