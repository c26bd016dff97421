"""That the campaign sees what it looks for."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from .attempt import Attempt, Grounds, fresh
from .oddity import ODDITIES
from .process import Ended
from .verdict import Verdict
from .written import judge

Rows = list[list[str]]


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    made = fresh("predict", Random(1), tmp_path, Grounds(tmp_path, tmp_path, lambda name: tmp_path, {}))
    ODDITIES["in cp1252"].change(made)
    return made


def _written(attempt: Attempt, change: Callable[[Rows], Rows]) -> str:
    rows = change([[row.text, row.truth] for row in attempt.sheet.rows])
    stream = io.StringIO()
    csv.writer(stream).writerows([["text", "label"], *rows])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda rows: rows, ""),
        (lambda rows: rows[1:], "23 rows out for 24 in"),
        (lambda rows: rows[::-1], "not in order"),
        (lambda rows: [[text.replace("é", "Ã©"), label] for text, label in rows], "'café' did not come out"),
        (lambda rows: [[text, "sport"] for text, _ in rows], "of the labels are right"),
    ],
    ids=["right", "a row lost", "reordered", "mojibake", "one label"],
)
def test_rows_are_held_against_the_sheet(attempt: Attempt, change: Callable[[Rows], Rows], found: str) -> None:
    verdict = Verdict(attempt, [ODDITIES["in cp1252"]])
    judge(verdict, _written(attempt, change), jsonl=False)
    assert any(found in finding.what for finding in verdict.findings) if found else not verdict.findings


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        (Ended(0, "data: read as cp1252", "", 1.0), ""),
        (Ended(1, "", "An internal error: KeyError: 'hidden_size'.", 1.0), "internal error"),
        (Ended(1, "", "Traceback (most recent call last)\nKeyError", 1.0), "traceback"),
        (Ended(-9, "", "", 1.0), "exit code -9"),
        (Ended(0, "read as cp1252", "", 90.0, silence=70.0), "not a word for 70 s"),
        (Ended(None, "", "", 90.0), "still running after 90 s"),
        (Ended(0, "2 failed: 1 nan, 1 refused.\nread as cp1252", "", 1.0), "preparation should have refused"),
        (Ended(3, "", "No trial of 'odd' gave a score (3 collapse).", 1.0), "gave a score"),
        (Ended(2, "", "There is no file data.csv.", 1.0), "refused: There is no file"),
        (Ended(2, "", "", 1.0), "the refusal is no sentence"),
        (Ended(0, "24 texts.", "", 1.0), "not a word of"),
    ],
)
def test_commands_are_judged_by_how_they_end(attempt: Attempt, ended: Ended, found: str) -> None:
    verdict = Verdict(attempt, [ODDITIES["in cp1252"]])
    verdict.command(ended, first=True)
    assert any(found in finding.what for finding in verdict.findings) if found else not verdict.findings
