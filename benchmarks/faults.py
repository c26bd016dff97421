"""Random faults in real searches: workers, nodes, the driver, MLflow and the disk are lost while bert-tiny is searched
on BBC headlines. Afterwards nothing may be missing, nothing may be there twice, and whatever was scored more than once
in the whole campaign must have equal scores. Exits with 1 otherwise."""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cluster_nodes import Nodes
from benchmarks.fault_evidence import compared, evidence
from benchmarks.fault_kinds import Driver, Faults, SmallDisk
from benchmarks.mlflow_server import Server
from benchmarks.tables import machine, markdown
from tune_dml.tracking import embedded_uri

#: Rows that leave nothing open, so that every search scores the same configurations.
SPACE = """
loss: {choices: [ce, supcon, softtriple]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
epochs: 4
max_length: 24
beta: {float: [0.1, 0.9], when: {loss: [supcon, softtriple]}}
first:
  - {loss: supcon, lr: 5.0e-4, beta: 0.1}
  - {loss: softtriple, lr: 5.0e-4, beta: 0.1}
  - {loss: ce, lr: 5.0e-4}
  - {loss: supcon, lr: 2.0e-4, beta: 0.5}
  - {loss: softtriple, lr: 2.0e-4, beta: 0.5}
  - {loss: ce, lr: 2.0e-4}
"""
TRIALS = 8
SEARCH = ["--task", "bbc", "--encoder", "bert-tiny", "--shots", "25", "--folds", "3", "--confirm-seeds", "2"]
DRAWS = 2
FAULTS_EACH = 7
#: Seconds between two faults, at most; and that a search may take.
LONGEST_PAUSE, LIMIT = 6.0, 400.0
KINDS = ("worker", "node", "driver", "MLflow", "disk full")


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="faults in all")
    parser.add_argument("--seed", type=int, default=0, help="of what is lost when")
    parser.add_argument("--keep", type=Path, help="a file for the searches that are done; those in it are not repeated")
    return parser


@dataclass
class Disturbed:
    """One search and what was done to it.

    Attributes:
        faults: Kinds, in order; none in the searches that others are held against.
        lost, doubled, scores: As in :class:`benchmarks.fault_evidence.Evidence`.
        wrong: What else went wrong: it hung, or ended as no fault explains.
        seconds: From its start to its end, resumes included.
    """

    faults: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    scores: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    # So that whoever ends it leaves no process and no mount behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kept = given.keep.read_text().splitlines() if given.keep is not None and given.keep.exists() else []
    done = [Disturbed(**json.loads(line)) for line in kept]
    if _missing(done, given.kills):
        with tempfile.TemporaryDirectory() as folder, _nodes() as nodes, _server(Path(folder)) as server:
            while _missing(done, given.kills):
                number = len(done)
                faults = 0 if number < DRAWS else min(FAULTS_EACH, _missing(done, given.kills))
                place = Path(folder) / str(number)
                place.mkdir()
                done.append(_search(number, faults, place, nodes, server, given.seed))
                _tell(number, done[-1])
                if given.keep is not None:
                    with given.keep.open("a") as file:
                        print(json.dumps(asdict(done[-1])), file=file)
    if not _report(done, given.seed):
        sys.exit(1)


def _missing(done: list[Disturbed], kills: int) -> int:
    """How many faults are still to be done; a fault of no search counts as one too few."""
    return max(kills - sum(len(search.faults) for search in done), int(len(done) < DRAWS))


@contextmanager
def _nodes() -> Iterator[Nodes]:
    nodes = Nodes()
    try:
        yield nodes
    finally:
        nodes.stop()


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    server = Server(folder, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _search(number: int, faults: int, place: Path, nodes: Nodes, server: Server, seed: int) -> Disturbed:
    """By turns, two searches tell MLflow's server, and two keep all on a small disk, MLflow's embedded store too."""
    chance = random.Random(f"{seed}/{number}")
    (place / "space.yaml").write_text(SPACE)
    found = Disturbed()
    with ExitStack() as stack:
        disk, results, uri = None, place / "results", server.uri
        if number // DRAWS % 2:
            try:
                disk = SmallDisk(results)
                stack.callback(disk.unmount)
                uri = embedded_uri(results)
            except OSError as error:
                print(f"no search on a full disk: {error.strerror}", file=sys.stderr)
        results.mkdir(exist_ok=True)
        where = ["--address", nodes.address, "--space", str(place / "space.yaml")]
        if disk is None:
            where += ["--tracking-uri", server.uri]
        draw = ["--trials", str(TRIALS), "--draw", str(number % DRAWS)]
        begun = time.monotonic()
        driver = Driver([*SEARCH, *draw, *where], results, f"faults-{number}", place / "log.txt")
        stack.callback(driver.kill)
        possible = Faults(chance, driver, nodes, server if disk is None else None, disk)
        for _ in range(faults):
            _pause(driver, chance)
            if driver.ended() == 0:
                break
            kind = chance.choice(list(possible.kinds()))
            if possible.kinds()[kind]():
                print(f"  {time.monotonic() - begun:.0f} s: {kind}", file=sys.stderr)
                found.faults.append(kind)
            _go_on(driver, found)
        while driver.ended(LIMIT) != 0:
            if driver.ended() is None:
                found.wrong.append(f"it still ran after {LIMIT:.0f} s")
                break
            if len(found.wrong) > 2:
                break
            _go_on(driver, found)
        found.seconds = time.monotonic() - begun
        _look(driver, uri, found)
    return found


def _pause(driver: Driver, chance: random.Random) -> None:
    """A random while after the first trial has begun, or less if the search ends."""
    deadline = time.monotonic() + LIMIT
    while not driver.is_searching() and driver.ended() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    driver.ended(chance.uniform(0, LONGEST_PAUSE))


def _go_on(driver: Driver, found: Disturbed) -> None:
    """Resume a search that has ended before its time, which only a full disk explains."""
    code = driver.ended()
    if code in (None, 0):
        return
    if code != 3 or "disk full" not in found.faults:
        found.wrong.append(f"it ended with {code}")
    driver.resume()


def _look(driver: Driver, uri: str, found: Disturbed) -> None:
    """What it has left."""
    if driver.ended() == 0 and "Later: tune-dml sync" in driver.log.read_text(errors="replace"):
        driver.sync()
        if (code := driver.ended(LIMIT)) != 0:
            found.wrong.append(f"sync ended with {code}")
    left = evidence(driver.folder, uri)
    found.lost, found.doubled, found.scores = left.lost, left.doubled, left.scores
    said = driver.log.read_text(errors="replace")
    found.wrong += [words for words in ("Traceback", "internal error") if words in said]
    if found.lost or found.doubled or found.wrong:
        print(said, file=sys.stderr)


def _tell(number: int, search: Disturbed) -> None:
    faults = ", ".join(f"{times} {kind}" for kind, times in Counter(search.faults).items()) or "undisturbed"
    print(f"search {number}: {faults}; {search.seconds:.0f} s", file=sys.stderr)
    for what, sentences in (("lost", search.lost), ("doubled", search.doubled), ("wrong", search.wrong)):
        for sentence in sentences:
            print(f"  {what}: {sentence}", file=sys.stderr)


def _report(done: list[Disturbed], seed: int) -> bool:
    """Print the table; whether all is well."""
    everything = [score for search in done for score in search.scores]
    again, different = compared(everything)
    rows = [_row(kind, [s for s in done if kind in s.faults], done) for kind in KINDS]
    disturbed = [search for search in done if search.faults]
    rows.append(_row("all", disturbed, done))
    print(
        markdown(
            ("what was lost", "times", "searches", "lost", "doubled", "other faults", "scored again", "differing"), rows
        )
    )
    sizes = f"{TRIALS} trials in 3 folds, 2 confirm seeds"
    print(
        f"\n{len(disturbed)} disturbed searches and {len(done) - len(disturbed)} undisturbed ones of {sizes}, "
        f"{sum(s.seconds for s in done) / 60:.0f} minutes; {len(everything)} scores, {again} of them of what had been "
        f"scored before, {different} of those another. Seed {seed}. {machine()}"
    )
    return not different and not any(s.lost or s.doubled or s.wrong for s in done)


def _row(kind: str, searches: list[Disturbed], done: list[Disturbed]) -> tuple[Any, ...]:
    times = sum(len(s.faults) if kind == "all" else s.faults.count(kind) for s in searches)
    first = [score for s in done if s not in searches for score in s.scores]
    known = compared(first)
    again, different = compared([*first, *(score for s in searches for score in s.scores)])
    return (
        kind, times, len(searches), sum(len(s.lost) for s in searches), sum(len(s.doubled) for s in searches),
        sum(len(s.wrong) for s in searches), again - known[0], different - known[1],
    )  # fmt: skip
