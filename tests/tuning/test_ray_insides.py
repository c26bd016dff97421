"""Ray with other insides: a search runs without what rests on them, and says so once; one file knows them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from proposals_of_ce import only_ce

import tune_dml
from tune_dml.config import DrawSettings, SearchSettings, State, TaskSettings
from tune_dml.execution import ray_session
from tune_dml.tuning import ray_insides
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Ended, Watch, run_trials
from tune_dml.tuning.ray_insides import BOARDS, CONTROLLER, Inside
from tune_dml.tuning.sampler import make_sampler

SLOTS, TRIALS, ROUNDS = 2, 4, 2
#: Of each, a name that no other needs.
OWN = [
    (ray_insides.IDLE_WORKERS, "increase_max"),
    (ray_insides.FIRST_WORKERS, "_cache"),
    (ray_insides.PATIENCE, "_maybe_reuse_cached_actor"),
    (ray_insides.FORGETTING, "_trial_metadata"),
    (ray_insides.EVERY_LOSS, "_actor_task_failed"),
    (ray_insides.ONE_LOSS, "_process_trial_failure"),
    (ray_insides.GROWTH, "update_max_pending_trials"),
    (BOARDS, "_internal_kv_del"),
]


@pytest.fixture(scope="module")
def ray() -> Iterator[None]:
    with ray_session(None, cpus=SLOTS, gpus=0):
        yield


def _take_away(names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray from its own source, with other names in their place."""
    from ray.air.execution._internal import actor_manager
    from ray.experimental import internal_kv
    from ray.tune import tune
    from ray.tune.execution import class_cache, tune_controller
    from ray.tune.impl import tuner_internal
    from ray.tune.utils import object_cache

    def renamed(module: ModuleType) -> dict[str, Any]:
        source = inspect.getsource(module)
        for name in names:
            source = re.sub(rf"\b{name}\b", f"{name}_of_old", source)
        copy = ModuleType(module.__name__)
        exec(compile(source, str(module.__file__), "exec"), vars(copy))
        return vars(copy)

    controller = renamed(tune_controller)
    controller["_ObjectCache"] = renamed(object_cache)["_ObjectCache"]
    controller["_ActorClassCache"] = renamed(class_cache)["_ActorClassCache"]
    controller["RayActorManager"] = renamed(actor_manager)["RayActorManager"]
    whole = renamed(tune)
    whole["TuneController"] = controller["TuneController"]
    monkeypatch.setattr(tuner_internal, "run", whole["run"])
    for name in names & vars(internal_kv).keys():
        monkeypatch.delattr(internal_kv, name)


def _search(folder: Path) -> tuple[list[str], bool]:
    """What is said while a search runs, and whether its trials could be helped."""
    settings = SearchSettings(
        "insides", TaskSettings("none"), DrawSettings(), "none", "ce", trials=TRIALS, concurrency=SLOTS
    )
    journal = Journal(folder, make_sampler(settings, 0))
    said: list[str] = []
    watch = Watch(lambda: False, lambda: False, lambda record: None, lambda: None, on_lack=said.append)
    how = run_trials(
        journal, settings, only_ce(journal), _work(), folder / "ray", watch, rounds=ROUNDS, latest=False
    )  # fmt: skip
    records = journal.records()
    journal.close()
    assert how == Ended.FINISHED
    assert len(records) == TRIALS
    assert {r.state for r in records} <= {State.COMPLETE, State.PRUNED}
    helped = {item.diagnostics["board"] for r in records for item in r.rounds}
    assert len(helped) == 1
    return said, helped == {1.0}


def _work() -> Work:
    """Functions that travel by value: workers cannot import this file."""

    def trial(config: dict[str, Any], metric: str) -> None:
        import json
        import time

        import numpy as np
        from ray import tune

        from tune_dml.config import Round
        from tune_dml.config.encoding import round_to_json

        for number in (1, 2):
            time.sleep(0.05)
            p = {"logistic": np.full((2, 2), 0.5, dtype=np.float32)}
            item = Round(
                number,
                np.arange(2),
                p,
                {"accuracy": 0.5, "macro_f1": 0.5, "log_loss": 0.7},
                0.05,
                {"board": float(bool(config["board"]))},
            )
            tune.report({"round": number, "score": 0.5, "payload": json.dumps(round_to_json(item))})

    def helper(config: dict[str, Any]) -> None:
        import time

        time.sleep(0.05)

    return Work({"": ()}, trial, helper=helper)


def test_nothing_is_lost_with_the_ray_that_is_installed(ray: None, tmp_path: Path) -> None:
    assert _search(tmp_path) == ([], True)


def test_a_search_runs_without_any_of_them(ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _take_away({name.split(".")[0] for inside in (*CONTROLLER, BOARDS) for name in inside.names}, monkeypatch)
    [sentence], helped = _search(tmp_path)
    assert all(inside.without in sentence for inside in (*CONTROLLER, BOARDS))
    assert not helped


@pytest.mark.long
@pytest.mark.parametrize(("inside", "name"), OWN, ids=[name for _, name in OWN])
def test_a_search_runs_without_one_of_them(
    inside: Inside, name: str, ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_away({name}, monkeypatch)
    [sentence], helped = _search(tmp_path)
    assert [lost for lost in (*CONTROLLER, BOARDS) if lost.without in sentence] == [inside]
    assert helped == (inside is not BOARDS)


def test_each_name_is_looked_for() -> None:
    assert [inside for inside, _ in OWN] == [*CONTROLLER, BOARDS]
    for inside in (*CONTROLLER, BOARDS):
        for missing in inside.names:
            there = _Names(set(inside.names) - {missing})
            assert not inside.is_in(there), missing
        assert inside.is_in(_Names(set(inside.names)))


class _Names:
    """Has the dotted attributes that it is given."""

    def __init__(self, names: set[str]) -> None:
        for name in names:
            first = name.partition(".")[0]
            setattr(self, first, _Names({n.partition(".")[2] for n in names if n.startswith(f"{first}.")} - {""}))


def _reached(source: str) -> list[str]:
    """Private names of others that a module uses: of libraries, and of their classes that its own are made from."""
    nodes = list(ast.walk(ast.parse(source)))
    own = {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
    own |= {n.target.id for n in nodes if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    attributes = [n for n in nodes if isinstance(n, ast.Attribute) and _private(n.attr)]
    of_self = [n for n in attributes if isinstance(n.value, ast.Name) and n.value.id in ("self", "cls")]
    own |= {n.attr for n in of_self if isinstance(n.ctx, ast.Store)}
    found = [ast.unparse(n) for n in attributes if n not in of_self or n.attr not in own]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            found += [part for part in parts if _private(part) and part != "__future__"]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if any(map(_private, alias.name.split(".")))]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "hasattr", "delattr"):
            found += [str(n.value) for n in node.args[1:2] if isinstance(n, ast.Constant) and _private(str(n.value))]
    return found


def _private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def test_no_other_file_of_tuning_reaches_into_anything() -> None:
    files = sorted((Path(tune_dml.__file__).parent / "tuning").glob("*.py"))
    assert Path(ray_insides.__file__) in files
    reached = {path.name: _reached(path.read_text(encoding="utf-8")) for path in files}
    assert reached.pop(Path(ray_insides.__file__).name)
    assert {name: names for name, names in reached.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        "controller._trials",
        "self.controller._trials",
        "self._brackets[0].rungs",
        "getattr(controller, '_trials', None)",
        "from ray.air.execution import _internal",
        "import ray._private.worker",
    ],
)
def test_a_reach_is_found(line: str) -> None:
    assert _reached(f"class A:\n    def __init__(self):\n        self._own = 1\n        {line}\n        self._own\n")
