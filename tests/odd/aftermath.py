"""What must be so after a run, whatever was around its commands: results that are found again, a store that can be
mended as was said, and nothing left where nothing was to be written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .attempt import Attempt
from .process import Ended

if TYPE_CHECKING:
    from .perform import Performance

#: What commands write into the working folder because they are told to.
_TOLD = {"stdout", "stderr", "files", "fresh", "trained", "my output.csv", "my model (1)", "later.csv", "my store.db"}
#: Below a user's home: caches that libraries are known for; and what Ray writes where it is imported before a command
#: begins, as it is here.
_CACHES = (".cache", ".config/matplotlib", ".ray/auth_token")


def place_results(attempt: Attempt, results: Path) -> None:
    """Makes the results folder: with a finished search where commands are to look at one."""
    for act in attempt.before_results:
        act()
    shared = attempt.grounds.folder / "shared" / "single"
    if attempt.kind == "look":
        shutil.copytree(shared, results, dirs_exist_ok=True)
    elif attempt.kind in ("search", "dry-run", "doctor") and (attempt.spoil or attempt.random.random() < 0.7):
        # Making MLflow's tables takes seconds: not in every run.
        results.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared / "mlflow.db", results)
    for spoil in attempt.spoil:
        spoil(results)


def look(performance: Performance) -> None:
    """Looks at a finished search; where the store is not well, mends it as is said."""
    attempt, verdict = performance.attempt, performance.verdict
    where = ["--results", performance.results]
    for step in (["list", *where], ["show", "single", *where]):
        ended = performance.call(step)
        if verdict.command(ended, first=False) and "single" not in ended.said and not _unread(attempt):
            verdict.add(f"{step[0]} does not name the search")
    said = ""
    for step in (["sync", *where, *attempt.tracking], ["best", *where, *attempt.tracking]):
        ended = performance.call(step)
        verdict.command(ended, first=False, works=attempt.cure is None)
        said += ended.said if ended.code else ""
    if said and attempt.cure is not None:
        mend(performance, said)
        for step in (["sync", *where, *attempt.tracking], ["best", *where, *attempt.tracking]):
            verdict.command(performance.call(step), first=False)
    verdict.command(performance.call(["resume", "single", *where, *attempt.tracking]), first=False)


def mend(performance: Performance, said: str) -> bool:
    """Does what the user was told; whether that could be done."""
    attempt = performance.attempt
    assert attempt.cure is not None
    try:
        attempt.cure(said)
    except Exception as error:
        performance.verdict.add(f"the cure cannot be used: {error}"[:300])
        return False
    if attempt.cured is not None:
        attempt.cured(performance.results_path)
    return True


def check_search(performance: Performance) -> None:
    """A search that ended well is found, and MLflow has it."""
    attempt, verdict = performance.attempt, performance.verdict
    where = ["--results", performance.results]
    listed = performance.call(["list", "--json", *where], calm=True)
    if verdict.command(listed, first=False):
        states = {row.get("name"): row.get("state") for row in _rows(listed)}
        if states.get("odd") not in ("finished", "cross-validated"):
            verdict.add(f"the search is lost: list says {states}")
    verdict.command(performance.call(["show", "odd", *where], calm=True), first=False)
    if attempt.cure is not None and mend(performance, ""):
        verdict.command(performance.call(["sync", *where, *attempt.tracking], calm=True), first=False)
    best = performance.call(["best", "--json", *where, *attempt.tracking], calm=True)
    if verdict.command(best, first=False) and "odd" not in best.said:
        verdict.add("MLflow does not have the search: best does not name it")


def _rows(ended: Ended) -> list[dict[str, str]]:
    try:
        document = json.loads(ended.out)
    except ValueError:
        return []
    found = document if isinstance(document, list) else document.get("searches", [])
    return [row for row in found if isinstance(row, dict)]


def watch(attempt: Attempt, results: str) -> Callable[[], list[str]]:
    """What is written outside of the folders that commands may write to, from now until the returned function is
    called."""
    grounds = attempt.grounds_of_run
    own = (
        {(attempt.folder / results).relative_to(attempt.folder).parts[0]} if not Path(results).is_absolute() else set()
    )
    shared = [attempt.grounds.encoders, attempt.grounds.folder / "shared"]
    before = {folder: _names(folder) for folder in shared}
    beside = {path.name for path in grounds.iterdir()}
    inside = {path.name for path in attempt.folder.iterdir()}

    def strays() -> list[str]:
        found = [f"{folder.name}/{name}" for folder in shared for name in _names(folder) - before[folder]]
        found += [
            path.name for path in attempt.folder.iterdir() if path.name not in inside | own | _TOLD | {"fresh.csv"}
        ]
        if attempt.folder != grounds:
            found += [path.name for path in grounds.iterdir() if path.name not in beside]
        home = grounds / "home"
        for path in home.rglob("*") if home.is_dir() else ():
            name = str(path.relative_to(home))
            if path.is_file() and not name.startswith(_CACHES):
                found.append(f"~/{name}")
        return found

    return strays


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "made" not in path.name}


def _unread(attempt: Attempt) -> bool:
    return attempt.surroundings.output_is_lost or attempt.surroundings.terminal is not None
