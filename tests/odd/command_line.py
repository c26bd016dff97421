"""The campaign as a command."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from itertools import islice
from pathlib import Path

import tune_dml

from .campaign import FEW, FEW_AROUND, KINDS, KINDS_AROUND, Planned, plan, run_all
from .grounds import prepare
from .server import start_server
from .tables import broken, by_case, by_oddity


def main() -> int:
    """Exit code 1 if a run is broken."""
    given = _arguments()
    all_kinds, few = (KINDS_AROUND, FEW_AROUND) if given.environments else (KINDS, FEW)
    runs = plan(given.seed, few if given.few else all_kinds, given.environments)
    planned = list(islice(runs, max(given.runs, (given.run or 0) + 1)))
    if given.run is not None:
        planned = [planned[given.run]]
    if given.only:
        planned = [one for one in planned if _fits(one, given.only)]
    if given.list:
        for one in planned:
            print(one.number, one.kind, " + ".join(oddity.name for oddity in one.oddities))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="odd-")).resolve()
    begun = time.monotonic()
    print(f"{len(planned)} runs of tune-dml {tune_dml.__version__} in {Path(tune_dml.__file__).parent}, in {folder}")
    start_server()
    try:
        done = run_all(planned, prepare(folder))
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    number = sum(bool(ended.findings) for ended in done)
    print(f"\n# {len(done)} odd runs, seed {given.seed}: {number} broken, {time.monotonic() - begun:.0f} s\n")
    print(
        by_oddity(done, given.each),
        by_case(done),
        broken(
            done, f"--seed {given.seed}{' --environments' if given.environments else ''}{' --few' if given.few else ''}"
        ),
        sep="\n\n",
    )
    return 1 if number else 0


def _fits(planned: Planned, wanted: str) -> bool:
    names = [text for oddity in planned.oddities for text in (oddity.name, oddity.group)]
    return any(wanted.casefold() in text.casefold() for text in (planned.kind, *names))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.odd", description=__doc__)
    parser.add_argument("--runs", type=int, default=300, metavar="N", help="how many; 300 unless told otherwise")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all that is random")
    parser.add_argument("--few", action="store_true", help="those that continuous integration takes its 20 from")
    parser.add_argument("--environments", action="store_true", help="runs in which what is around the commands is odd")
    parser.add_argument("--run", type=int, metavar="N", help="this one alone")
    parser.add_argument(
        "--only", metavar="SEARCH", help="runs whose kind, oddities or kinds of oddity have this in their names"
    )
    parser.add_argument("--each", action="store_true", help="a row for each oddity, not for each kind of oddity")
    parser.add_argument("--list", action="store_true", help="what the runs would be")
    parser.add_argument("--keep", action="store_true", help="leave the files of broken runs where they are")
    return parser.parse_args()
