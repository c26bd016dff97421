"""From the text of a comparison's file to a :class:`Comparison`, with every problem in one error."""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tune_dml.comparisons.arms import ELSEWHERE, OF_TASK, OPTIONS, listed, read_arms
from tune_dml.comparisons.beside import with_paths
from tune_dml.comparisons.comparison import Comparison
from tune_dml.comparisons.problems import Problems, loaded
from tune_dml.config import slug
from tune_dml.data import METRICS
from tune_dml.driver.named_code import allow_plugins
from tune_dml.errors import UsageError, called_here, nearest
from tune_dml.losses import add_plugins

KEYS = ("name", "tasks", "shots", "draws", "arms", "reference", "margin", "metric")
#: What other tools call them.
_ELSEWHERE = {
    **ELSEWHERE,
    "baseline": "reference", "control": "reference", "seeds": "draws", "splits": "draws", "repeats": "draws",
    "task": "tasks", "dataset": "tasks", "datasets": "tasks", "models": "arms", "methods": "arms", "k": "shots",
    "n_shots": "shots", "num_shots": "shots", "rope": "margin",
}  # fmt: skip
MOST_CELLS = 100_000


def read_comparison(path: Path, loss_plugins: Sequence[str] = ()) -> Comparison:
    """The comparison in a file.

    Args:
        loss_plugins: Code of other packages that may run; the file alone cannot make it.

    Raises:
        UsageError: every problem of the file, each as ``file:line: sentence``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}).") from None
    return comparison_from_text(text, str(path), slug(path.stem, 40), loss_plugins)


def comparison_from_text(text: str, file: str, name: str, loss_plugins: Sequence[str] = ()) -> Comparison:
    """:func:`read_comparison`, of a text.

    Args:
        file: For error messages.
        name: Of the comparison, where the text gives none.
    """
    problems = Problems(file)
    values = loaded(text, problems)
    allow_plugins(_plugins_in(values), tuple(loss_plugins), file)
    found = None if problems.found else _comparison(values, name, problems)
    problems.raise_any()
    assert found is not None
    return found


def comparison_from_values(values: Mapping[str, Any]) -> Comparison:
    """The same from a mapping, as the Python API and the command line's options make it; its plugins run. Without a
    name it is called by its tasks and arms."""
    problems = Problems("comparison")
    add_plugins(_plugins_in(values))
    found = _comparison(dict(values), "", problems)
    problems.raise_any()
    return found if found.name else replace(found, name=_called(found))


def _called(comparison: Comparison) -> str:
    words = "-".join([*(str(task["task"]) for task in comparison.tasks), *(arm.name for arm in comparison.arms)])
    short = slug(words, 40)
    return short if short == words else f"{slug(words, 33)}-{hashlib.sha256(words.encode()).hexdigest()[:6]}"


def _comparison(values: dict[str, Any], name: str, problems: Problems) -> Comparison:
    for key in values:
        if key not in (*KEYS, *OPTIONS):
            hint = called_here(key, (*KEYS, *OPTIONS), _ELSEWHERE)
            problems.add((key,), f"'{key}' is no part of a comparison: {hint}")
    shared = {key: value for key, value in values.items() if key in OPTIONS}
    name = values.get("name", name)
    if ("name" in values or name != "") and (not isinstance(name, str) or not name or slug(name, 40) != name):
        problems.add(("name",), f"The name {name!r} cannot name a folder; take letters, digits, '-', '_' (40 at most).")
    tasks = tuple(_tasks(values.get("tasks"), problems))
    shots = tuple(_shots(values.get("shots", 50), problems))
    draws = tuple(_draws(values.get("draws", 5), problems))
    metric = values.get("metric")
    if metric is not None and metric not in (known := tuple(METRICS)):
        hint = nearest(metric, known) if isinstance(metric, str) else f"it is one of {', '.join(known)}."
        problems.add(("metric",), f"The metric is {metric!r}: {hint}")
        metric = None
    arms = tuple(read_arms(values.get("arms"), shared, tasks[:1], shots[:1], metric, problems))
    reference = values.get("reference", "ce" if any(arm.name == "ce" for arm in arms) else arms[0].name if arms else "")
    if arms and reference not in [arm.name for arm in arms]:
        hint = nearest(str(reference), [arm.name for arm in arms])
        hint = "put it into quotation marks." if str(reference) in [arm.name for arm in arms] else hint
        problems.add(("reference",), f"There is no arm {reference!r}: {hint}")
    margin = values.get("margin", 0.01)
    lower = metric in METRICS and METRICS[metric].lower_is_better
    most = math.inf if lower else 0.5
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 <= margin < most:
        upper = "" if lower else ", below 0.5"
        problems.add(
            ("margin",),
            f"The margin is {margin!r}; it is a number from 0 up{upper}, in the metric's unit: 0.01 is one point.",
        )
        margin = 0.01
    cells = len(tasks) * len(shots) * len(draws) * len(arms)
    if cells > MOST_CELLS:
        problems.add(("draws",), f"This has {cells} cells; at most {MOST_CELLS} are allowed.")
    return Comparison(str(name), tasks, shots, draws, arms, str(reference), float(margin), metric)


def _plugins_in(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that all arms, or single ones, need."""
    arms = values.get("arms")
    owners = (
        [values, *(arm for arm in arms.values() if isinstance(arm, Mapping))] if isinstance(arms, Mapping) else [values]
    )
    named = [listed("loss_plugins", owner.get("loss_plugins") or ()) for owner in owners]
    return tuple(dict.fromkeys(str(place) for some in named if isinstance(some, tuple) for place in some))


def _tasks(given: Any, problems: Problems) -> Iterator[Mapping[str, Any]]:
    if not given:
        problems.add(("tasks",), "The comparison names no tasks; add 'tasks: [bbc]'.")
        return
    seen = set()
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",")]
    for entry in given if isinstance(given, list | tuple) else [given]:
        task = {"task": entry} if isinstance(entry, str) else entry
        if not isinstance(task, Mapping) or not isinstance(task.get("task"), str):
            problems.add(
                ("tasks",), f"{entry!r} is no task; write a name, or a mapping such as {{task: mine, data: my.csv}}."
            )
            continue
        for key in task:
            if key not in OF_TASK:
                problems.add(("tasks",), f"'{key}' says nothing about a task: {nearest(str(key), OF_TASK)}")
                return
        if task["task"] in seen:
            problems.add(("tasks",), f"The task '{task['task']}' is named twice; give one of them another name.")
            continue
        seen.add(task["task"])
        yield with_paths({key: listed(key, value) for key, value in task.items()}, problems.file)


def _plain_number(given: Any) -> Any:
    """Other libraries' integers as Python's."""
    return operator.index(given) if hasattr(given, "__index__") and not isinstance(given, bool) else given


def _shots(given: Any, problems: Problems) -> Iterator[int | str]:
    seen = set()
    entries = given if isinstance(given, list | tuple | range) else [given]
    if not entries:
        problems.add(("shots",), "The comparison names no shots; add 'shots: 50', or leave it out.")
    for entry in map(_plain_number, entries):
        if isinstance(entry, int | str) and entry in seen:
            problems.add(("shots",), f"The shots {entry} are given twice.")
        elif entry == "full" or (isinstance(entry, int) and not isinstance(entry, bool) and entry >= 2):
            seen.add(entry)
            yield entry
        else:
            problems.add(("shots",), f"The shots {entry!r} are neither a number from 2 up nor 'full'.")


def _draws(given: Any, problems: Problems) -> Iterator[int]:
    """A number of draws, or their seeds."""
    given = _plain_number(given)
    if isinstance(given, int) and not isinstance(given, bool) and given >= 1:
        yield from range(min(given, MOST_CELLS))
        return
    seeds = [_plain_number(seed) for seed in given] if isinstance(given, list | tuple | range) else []
    if (
        not seeds
        or not all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in seeds)
        or len(set(seeds)) < len(seeds)
    ):
        problems.add(("draws",), f"The draws {given!r} are neither a number from 1 up nor a list of different seeds.")
        return
    yield from seeds
