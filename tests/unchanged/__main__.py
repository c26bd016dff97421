"""``python -m tests.unchanged run CHECKOUT FOLDER`` and ``python -m tests.unchanged compare BEFORE AFTER``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .comparing import compare
from .running import run
from .searches import SEARCHES


def main() -> int:
    """Exit code 1 if something differs, or a search failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.unchanged", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run the searches with the tune_dml of a checkout")
    running.add_argument("checkout", type=Path, help="a folder with tune_dml/ and search_spaces/")
    running.add_argument("folder", type=Path, help="of the results; new")
    names = [search.name for search in SEARCHES]
    running.add_argument("--only", choices=names, action="append", help="this search; may be given again")
    comparing = commands.add_parser("compare", help="hold two such folders against one another")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if given.command == "run":
        return run(given.checkout, given.folder, [s for s in SEARCHES if not given.only or s.name in given.only])
    compared = compare(given.before, given.after)
    for one in compared:
        print(one.line)
    differing = sum(not one.same for one in compared)
    print(f"{len(compared)} things compared, {differing} differ.")
    return 1 if differing or not compared else 0


if __name__ == "__main__":
    raise SystemExit(main())
