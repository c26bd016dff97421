from __future__ import annotations

import re
from pathlib import Path

import pytest

from tune_dml.config import DrawSettings
from tune_dml.driver.naming import search_name
from tune_dml.driver.request import SearchRequest
from tune_dml.driver.slots import slots_of
from tune_dml.errors import ResultsError
from tune_dml.execution import limits
from tune_dml.execution.this_machine import cores, no_more_threads_than_cores
from tune_dml.results.folders import results_folder
from tune_dml.storage.kept_names import is_search_name


@pytest.mark.parametrize(
    ("asked", "gpus", "concurrency", "share"),
    [
        ({}, 0, max(1, int(cores())), 0.0),
        ({"concurrency": "auto"}, 0, max(1, int(cores())), 0.0),
        ({"concurrency": 3}, 0, 3, 0.0),
        ({"cpus_per_trial": 10_000}, 0, 1, 0.0),
        ({}, 4, 4, 1.0),
        ({"gpus_per_trial": 0.25}, 2, 8, 0.25),
        ({"gpus_per_trial": 0}, 2, max(1, int(cores())), 0.0),
        ({"gpus_per_trial": 0.5, "concurrency": 3}, 2, 3, 0.5),
    ],
)
def test_as_many_trials_at_a_time_as_fit(
    asked: dict[str, float | str], gpus: int, concurrency: int, share: float
) -> None:
    slots = slots_of(SearchRequest(**asked), gpus)
    assert (slots.concurrency, slots.gpus_per_trial) == (concurrency, share)


@pytest.mark.parametrize("task", ["日本", "🙂", "..", "a/../../b", "-x", "a" * 300, "日" * 300])
def test_a_search_gets_a_name_that_is_one_folder(tmp_path: Path, task: str) -> None:
    name = search_name(SearchRequest(task=task), DrawSettings(), tmp_path)
    assert re.fullmatch(r"\w[\w.-]*", name)
    assert len(name.encode()) <= 100
    assert is_search_name(name), "what a store takes"
    assert name.startswith("日") == task.startswith("日")
    assert (tmp_path / "searches" / name).resolve().parent == tmp_path / "searches"


def test_threads_keep_to_a_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    before = torch.get_num_threads()
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("50000 100000")
    monkeypatch.setattr(limits, "ROOT", tmp_path)
    try:
        torch.set_num_threads(4)
        no_more_threads_than_cores()
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("kind", ["empty", "link", "loop", "file"])
def test_a_results_folder_that_is_none_is_refused_in_a_sentence(kind: str, tmp_path: Path) -> None:
    place = tmp_path / kind
    if kind == "file":
        place.write_text("")
    elif kind != "empty":
        place.symlink_to(tmp_path / "nowhere" if kind == "link" else place)
    with pytest.raises(ResultsError, match=r"; give a folder\.$|is a link to nothing\. Choose"):
        results_folder("" if kind == "empty" else str(place))
