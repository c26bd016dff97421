"""Runs ``tune-dml`` as a user does and notes when it says what."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tune_dml.config import TrialRecord
from tune_dml.tuning.journal import Journal

_ROUND = re.compile(r"^  (?P<name>.+): round (?P<number>\d+) of \d+,")
_ENDED = re.compile(r"^\[\d+/\d+\] (?P<name>[^,]+): (all|stopped)")


@dataclass(frozen=True)
class Timed:
    """A search that has ended.

    Attributes:
        records: Baselines and trials.
        first_step: Seconds from the command to the first training step of a trial or of ``reference_ce``.
        first_round, last_round: Seconds from the command to the begin of the first round and the end of the last.
        total: Seconds of the whole command.
    """

    records: list[TrialRecord]
    first_step: float
    first_round: float
    last_round: float
    total: float


def timed_search(results: Path, arguments: Sequence[str]) -> Timed:
    """``tune-dml search`` with ``arguments``, its results under ``results``.

    Raises:
        SystemExit: the command fails; its output has been printed.
    """
    command = [sys.executable, "-m", "tune_dml", "search", "-v", "--results", str(results), "--name", "timed"]
    begun = time.monotonic()
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said: list[tuple[float, str]] = []
    for line in process.stdout:
        said.append((time.monotonic() - begun, line.rstrip()))
        print(line, end="", file=sys.stderr)
    if process.wait():
        sys.exit(process.returncode)
    total = time.monotonic() - begun
    journal = Journal(results / "searches" / "timed", write=False)
    records = [*journal.records("baseline"), *journal.records()]
    # A round is announced when it has ended; how long it took stands in the journal.
    seconds = {(r.name, k + 1): item.seconds for r in records for k, item in enumerate(r.rounds)}
    trained = {r.name for r in records if any(item.diagnostics.get("steps") for item in r.rounds)}
    ends = {}
    for at, line in said:
        if found := _ROUND.match(line):
            ends[found["name"], int(found["number"])] = at
        elif found := _ENDED.match(line):
            name = found["name"]
            ends[name, max(n for r, n in seconds if r == name)] = at
    begins = {key: at - seconds[key] for key, at in ends.items()}
    return Timed(
        records=records,
        first_step=min(at for (name, _), at in begins.items() if name in trained),
        first_round=min(begins.values()),
        last_round=max(ends.values()),
        total=total,
    )
