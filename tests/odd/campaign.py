"""Which oddities each run has, and all runs of a campaign."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from . import (
    odd_encoders,
    odd_environments,
    odd_folders,
    odd_forms,
    odd_labels,
    odd_options,
    odd_places,
    odd_predictions,
    odd_stores,
    odd_terminals,
    odd_texts,
)
from .attempt import Grounds, fresh
from .oddity import ODDITIES, Oddity
from .perform import perform
from .process import Ended
from .verdict import Finding, Verdict

_LOADED = (odd_encoders, odd_folders, odd_forms, odd_labels, odd_options, odd_predictions, odd_texts)
_AROUND = (odd_environments, odd_places, odd_stores, odd_terminals)
#: Of 50 runs.
KINDS = {"dry-run": 18, "search": 11, "predict": 12, "doctor": 3, "train": 2, "library": 3, "look": 1}
#: Of 20 runs, for continuous integration: the costly ones are few.
FEW = {"dry-run": 8, "search": 2, "predict": 5, "doctor": 2, "train": 1, "library": 1, "look": 1}
#: The same, where what is around the commands is odd.
KINDS_AROUND = {"dry-run": 13, "search": 10, "predict": 9, "doctor": 5, "train": 3, "look": 10}
FEW_AROUND = {"dry-run": 8, "search": 1, "predict": 6, "doctor": 2, "train": 1, "look": 2}


@dataclass(frozen=True)
class Planned:
    """A run before anything of it is made."""

    number: int
    seed: str
    kind: str
    oddities: tuple[Oddity, ...]


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    planned: Planned
    refused: bool
    findings: tuple[Finding, ...]
    commands: tuple[tuple[list[str], Ended], ...]

    @property
    def seconds(self) -> float:
        return sum(ended.seconds for _, ended in self.commands)


def plan(seed: int, kinds: dict[str, int] = KINDS, around: bool = False) -> Iterator[Planned]:
    """Runs without end: each kind goes through all its oddities in random order, with others added to some.

    Args:
        around: Whether they are oddities of what is around the commands, with those of files and options added.
    """
    random = Random(seed)
    waiting: dict[str, list[Oddity]] = {}
    number = 0
    while True:
        block = [kind for kind, count in kinds.items() for _ in range(count)]
        random.shuffle(block)
        for kind in block:
            fitting = [one for one in ODDITIES.values() if kind in one.kinds and (around or not one.around)]
            named = [one for one in fitting if one.around] if around else fitting
            # What is refused for what it is given says little of what is around it.
            fitting = [one for one in fitting if one.around or one.works] if around else fitting
            if not waiting.get(kind):
                # What only this kind of run brings to light comes early.
                early = {oddity.name: random.random() * (0.4 if oddity.kinds[0] == kind else 1.0) for oddity in named}
                waiting[kind] = sorted(named, key=lambda oddity: -early[oddity.name])
            first = waiting[kind].pop()
            picked = [first]
            for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
                groups = {oddity.group for oddity in picked}
                others = [oddity for oddity in fitting if oddity.group not in groups and _together(picked, oddity)]
                picked += random.sample(others, min(1, len(others)))
            ordered = sorted(picked, key=lambda oddity: list(ODDITIES).index(oddity.name))
            yield Planned(number, f"{seed}/{number}", kind, tuple(ordered))
            number += 1


#: Of what a terminal shows: groups that say what classes are called, or where the output goes.
_FOREIGN = ("labels that are the same", "label type", "label type across files", "names of labels", "encoding")
_FOREIGN += ("few of a class", "copies", "stray classes", "splits", "imbalance", "input", "output", "locks", "train")
#: Groups that change the same things.
_APART = (
    {"labels that are the same", "label type", "label type across files", "imbalance", "few of a class"}
    | {"names of labels", "splits", "stray classes", "copies"},
    {"splits", "format", "header"},
    {"label type across files", "format", "separator", "line ends", "encoding", "empty cells", "quotes", "label type"}
    | {"names of labels"},
    {"format", "separator", "line ends", "empty cells", "quotes", "header", "input"},
    {"format", "encoding", "input"},
    {"splits", "label type across files", "header"},
    {"imbalance", "few of a class", "shots", "labels that are the same", "names of labels", "copies"},
    {"texts", "long texts", "pairs", "few of a class", "copies", "columns", "header"},
    {"texts", "imbalance", "few of a class", "copies", "label type across files", "stray classes"},
    {"pairs", "input", "model", "header", "format", "splits", "encoding", "columns"},
    {"long texts", "encoder family", "options", "encoding", "texts"},
    {"columns", "input", "splits", "header"},
    {"header", "input", "output"},
    {"encoder family", "damaged encoder", "sentence encoder", "encoder name"},
    {"other commands", "store"},
    {"other commands", "results folder"},
    {"other commands", "terminal"},
    {"options", "results folder"},
    {"temporary folder", "store"},
    {"limits", "encoder family"},
    *({"terminal", group} for group in _FOREIGN),
)


def _together(picked: Sequence[Oddity], other: Oddity) -> bool:
    return not any({oddity.group, other.group} <= apart for oddity in picked for apart in _APART)


def run(planned: Planned, grounds: Grounds) -> Done:
    """One run, in a folder of its own."""
    folder = grounds.folder / f"run {planned.number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    attempt = fresh(planned.kind, Random(planned.seed), folder, grounds)
    attempt.around = any(oddity.around for oddity in planned.oddities)
    if attempt.around:
        (folder / "home").mkdir()
        (folder / "work").mkdir()
        attempt.folder = folder / "work"
        attempt.surroundings.variables["HOME"] = str(folder / "home")
    for oddity in planned.oddities:
        oddity.change(attempt)
    if attempt.around:
        attempt.results = attempt.results or "results"
    elif attempt.results is None:
        # Making MLflow's tables takes seconds.
        results = grounds.folder / f"results {folder.name}"
        results.mkdir()
        shutil.copy(grounds.folder / "shared" / "single" / "mlflow.db", results)
    verdict = Verdict(attempt, planned.oddities)
    try:
        commands = perform(verdict)
    finally:
        for act in attempt.after:
            act()
    if not verdict.findings:
        shutil.rmtree(folder, ignore_errors=attempt.around)
    shutil.rmtree(grounds.folder / f"results {folder.name}", ignore_errors=True)
    return Done(planned, verdict.refused, tuple(verdict.findings), tuple(commands))


def run_all(chosen: Sequence[Planned], grounds: Grounds, at_a_time: int = 2) -> list[Done]:
    """So many at a time; a line each, in order."""
    begun = time.monotonic()
    done: list[Done] = []
    pool = ThreadPoolExecutor(at_a_time)
    try:
        for ended in pool.map(lambda planned: run(planned, grounds), chosen):
            done.append(ended)
            found = f"BROKEN {ended.findings[0].what}" if ended.findings else "refused" if ended.refused else "ok"
            names = " + ".join(oddity.name for oddity in ended.planned.oddities)
            line = f"{ended.planned.number} {ended.planned.kind} [{names}] {ended.seconds:.0f} s {found}"
            print(f"{time.monotonic() - begun:.0f} s: {' '.join(line.split())}"[:400], flush=True)
    finally:
        # Ctrl-C leaves those that have not begun.
        pool.shutdown(cancel_futures=True)
    return done
