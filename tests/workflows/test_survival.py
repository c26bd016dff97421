"""A driver that is killed at the worst moments loses nothing, doubles nothing, and leaves nothing running."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from evidence import check_mlflow, finished_in

from tune_dml.config import State, TrialRecord
from tune_dml.models.description import read_description
from tune_dml.tuning.journal import Journal

TRIALS = 5
SMALL = ["--trials", str(TRIALS), "--folds", "2", "--confirm-seeds", "2"]


MOMENTS: dict[str, Callable[[str], bool]] = {
    "before the first report": lambda text: '"config"' in text and "round:" not in text,
    "mid-round": lambda text: "round:1" in text and text.count('"config"') > finished_in(text),
    # The two baselines among them.
    "many trials finished": lambda text: finished_in(text) >= 5,
    # Runs of baselines can come earlier, in slots that would be idle.
    "during confirm": lambda text: '"candidate"' in text and finished_in(text) >= TRIALS + 2,
    "during the soup": lambda text: "soup round" in text,
}


@dataclass(frozen=True)
class Killed:
    """One search that was killed at each of the moments and resumed after each.

    Attributes:
        results: Its results folder, after the last resume.
        journals: Trials and baselines as each kill left them, by moment.
        document: What the last resume printed.
    """

    results: Path
    journals: dict[str, list[TrialRecord]]
    document: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.results / "searches" / "killed"


#: In continuous integration, at the moment when most is on its way.
FEW = ("mid-round",)


@pytest.fixture(
    scope="module",
    params=[pytest.param(FEW, id="once"), pytest.param(tuple(MOMENTS), id="all", marks=pytest.mark.long)],
)
def killed(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    space_file: Path,
    search_arguments: tuple[str, ...],
    signalled: Callable[..., Any],
    tune_dml: Callable[..., Any],
    with_store: Callable[[Path], Path],
) -> Killed:
    results = with_store(tmp_path_factory.mktemp("killed"))
    folder, where = results / "searches" / "killed", ["--results", str(results)]
    arguments = [*search_arguments, *SMALL, "--space", str(space_file), "--name", "killed"]
    journals = {}
    for moment in request.param:
        # Two trials at a time where that makes a difference; elsewhere one worker is less to start.
        slots = ["--concurrency", "2" if moment == "mid-round" else "1"]
        signalled([*arguments, *slots, *where], folder / "study.log", MOMENTS[moment], signal.SIGKILL)
        assert not list(folder.rglob("checkpoint_*")), "a checkpoint was written during the search"
        if moment == "mid-round":
            # What a kill in the middle of a write leaves as well.
            with (folder / "study.log").open("a") as stream:
                stream.write('{"op_code": 8, "worker_id": "torn')
        journal = Journal(folder, write=False)
        journals[moment] = journal.records() + journal.records("baseline")
        arguments = ["resume", "killed"]
    resumed = tune_dml("resume", "killed", "--concurrency", "1", *where, "--json")
    assert resumed.code == 0, resumed.err
    return Killed(results, journals, json.loads(resumed.out))


def test_a_kill_and_resume_lose_nothing_and_double_nothing(killed: Killed) -> None:
    journal = Journal(killed.folder, write=False)
    now = {(record.kind, record.number): record for record in journal.records() + journal.records("baseline")}
    for moment, left in killed.journals.items():
        if moment == "mid-round":
            assert any(record.state == State.RUNNING for record in left)
        for old in left:
            new = now[old.kind, old.number]
            if old.params:
                assert new.params == old.params
            assert len(new.rounds) >= len(old.rounds)
            for one, other in zip(old.rounds, new.rounds, strict=False):
                assert one.scores == other.scores


def test_what_was_asked_for_is_there_once(killed: Killed) -> None:
    journal = Journal(killed.folder, write=False)
    trials, baselines = journal.records(), journal.records("baseline")
    assert [r.number for r in trials] == list(range(TRIALS))
    assert [b.name for b in baselines] == ["probe", "reference_ce"]
    assert {r.state for r in trials + baselines} <= {State.COMPLETE, State.PRUNED, State.FAIL}
    runs = Counter((run.candidate, run.seed) for run in journal.confirm_runs())
    assert set(runs.values()) == {1}
    assert len(killed.document["winner"]["test"]["accuracy"]["seeds"]) == 2
    soup = killed.document["winner"]["soup"]
    assert (soup["left_out"] is None) == (read_description(killed.folder / "model").soup == 2)
    assert not (killed.folder / ".soup").exists()
    check_mlflow(killed.results, trials + baselines)
