"""``best.yaml`` and ``search.yaml`` as they come from others, and names that become folders."""

from __future__ import annotations

import copy
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hostile import FUZZ, NAMES, mutated, read_or_refused, texts
from hypothesis import given
from hypothesis import strategies as st
from search_files import ABOUT, DRAW, TASK

from tune_dml.config import distinct_slug, slug
from tune_dml.data import load_task
from tune_dml.driver.drawing import draw_data
from tune_dml.driver.naming import search_name
from tune_dml.driver.request import SearchRequest
from tune_dml.losses import LOSSES
from tune_dml.recipe import Configuration
from tune_dml.results.best_file import read_best
from tune_dml.results.folders import search_folder
from tune_dml.results.search_file import dump_yaml, read_search_file
from tune_dml.storage.kept_names import is_search_name
from tune_dml.training.workload import resolve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BEST: dict[str, Any] = {
    "config": Configuration().to_dict(),
    "task": asdict(TASK),
    "draw": asdict(DRAW),
    "encoder": "bert-tiny",
    "encoder_sha256": "ee",
    "seed": 0,
    "device": "cpu",
    "precision": "float32",
    "max_length": 16,
    "hashes": ["aa", "bb"],
}
_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 10**9, 10**30, 0.5, float("nan"), float("inf"), "", "all", "cuda:7", "5", [],
    ["a"], [[1]], {}, {"a": 1}, {"lr": [1]}, *(name for name in NAMES if name.isprintable()),
)  # fmt: skip


def changed(values: dict[str, Any], seed: int) -> bytes:
    """Some values replaced, removed or added, at the top or one level below."""
    random = Random(seed)
    values = {name: dict(value) if isinstance(value, dict) else value for name, value in values.items()}
    for _ in range(random.randint(1, 3)):
        inner = [value for value in values.values() if isinstance(value, dict)]
        place = random.choice((values, *inner))
        name = random.choice((*place, "softtriple", "loss", "softtriple/la", "extra"))
        if random.random() < 0.15:
            place.pop(name, None)
        else:
            place[name] = copy.deepcopy(random.choice(_VALUES))
    return dump_yaml(values).encode()


def contents(values: dict[str, Any]) -> st.SearchStrategy[bytes]:
    seeds = st.integers(0, 2**32)
    return (
        seeds.map(lambda seed: changed(values, seed)) | mutated([dump_yaml(values).encode()]) | st.binary(max_size=40)
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results")
    (results / "searches" / "one").mkdir(parents=True)
    ABOUT.write(results / "searches" / "one")
    rows = "".join(f"film {i},{'good' if i % 2 else 'bad'}\n" for i in range(24))
    (results / "data.csv").write_text(f"text,label\n{rows}")
    return results


@FUZZ
@given(content=contents(BEST))
def test_a_best_file_is_read_or_refused_in_a_sentence(results: Path, content: bytes) -> None:
    path = results / "best.yaml"
    path.write_bytes(content)
    best = read_or_refused(results, lambda: read_best(path))
    if best is not None:
        configuration = read_or_refused(results, lambda: resolve(best.config, str(path)))
        assert configuration is None or configuration.loss in LOSSES
        task = replace(best.task, data=str(results / "data.csv"))
        read_or_refused(results, lambda: draw_data(load_task(task), best.draw))


def test_a_search_file_is_read_or_refused_and_leads_nowhere_else(results: Path) -> None:
    folder = results / "searches" / "two"
    folder.mkdir()
    values = {**ABOUT.__dict__, "settings": ABOUT.settings.to_dict()}
    values["folds"] = [
        {"train": f.train.tolist(), "heldout": f.heldout.tolist(), "official": False} for f in ABOUT.folds
    ]

    @FUZZ
    @given(content=contents(values))
    def check(content: bytes) -> None:
        (folder / "search.yaml").write_bytes(content)
        about = read_or_refused(results, lambda: read_search_file(folder))
        if about is not None:
            assert (about.settings.results, about.settings.name) == (str(results), "two")

    check()


@FUZZ
@given(name=st.none() | texts(40), task=texts(40))
def test_names_become_folders_of_the_results_folder(results: Path, name: str | None, task: str) -> None:
    given = read_or_refused(results, lambda: search_name(SearchRequest(task=task, name=name), DRAW, results))
    if given is not None:
        assert is_search_name(given)
        assert (results / "searches" / given).resolve().parent == results / "searches"
    found = read_or_refused(results, lambda: search_folder(str(results), name or task))
    assert found is None or found.parent == results / "searches"
    read_or_refused(results, lambda: search_folder(f"{results}/{task}", "one"))
    kept = distinct_slug(task)
    assert kept == slug(kept)
    assert 0 < len(kept.encode()) <= 100
