"""The comparing part of the proof, on small folders made for it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml
from safetensors.numpy import save_file

from .comparing import compare, differences

ROUND = {"scores": {"accuracy": 0.5}, "seconds": 1.0, "rows": [1, 2], "probabilities": "AAAA"}


def write_search(root: Path, **changed: Any) -> Path:
    """A folder as ``run`` leaves it, with one small search; ``changed`` replaces the content of one of its files."""
    search = root / "searches" / "one"
    (search / "model").mkdir(parents=True)
    settings = {"settings": {"results": str(root), "lr": 0.1, "data": f"{root}/data/a.csv"}, "versions": {"torch": "2"}}
    lines = [{"op_code": 8, "trial_id": 0, "worker_id": str(root), "user_attr": {"round:1": ROUND}}]
    table = {"row": [0, 1], "p_0": np.array([0.25, 0.5], dtype=np.float32)}
    (search / "search.yaml").write_text(yaml.safe_dump(settings | changed.get("search", {})))
    (search / "study.log").write_text("".join(json.dumps(line) + "\n" for line in changed.get("journal", lines)))
    (search / "leaderboard.csv").write_text(changed.get("leaderboard", f"name,seconds\nce #0,{len(str(root))}\n"))
    parquet.write_table(pa.table(table | changed.get("predictions", {})), search / "predictions.parquet")
    save_file({"a": np.zeros(2, np.float32), **changed.get("tensors", {})}, search / "model" / "model.safetensors")
    config = {"transformers_version": str(root), "layers": 2, **changed.get("config", {})}
    (search / "model" / "config.json").write_text(json.dumps(config))
    (search / "report.html").write_text(str(root))
    return root


def test_times_versions_and_the_folder_are_no_differences(tmp_path: Path) -> None:
    later = {"seconds": 2.0, **{key: value for key, value in ROUND.items() if key != "seconds"}}
    journal = [{"op_code": 8, "trial_id": 0, "worker_id": "other", "user_attr": {"round:1": later}}]
    compared = compare(write_search(tmp_path / "before"), write_search(tmp_path / "the one after", journal=journal))
    assert [one.what.removeprefix("one: ") for one in compared] == [
        "leaderboard.csv", "model/config.json", "model/model.safetensors", "predictions.parquet", "search.yaml",
        "study.log",
    ]  # fmt: skip
    assert [one.line for one in compared if not one.same] == []
    assert all(one.values for one in compared)


OTHER = {**ROUND, "scores": {"accuracy": 0.6}}
NEXT = np.nextafter(np.float32(0.5), np.float32(1.0))


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {"journal": [{"op_code": 8, "trial_id": 0, "user_attr": {"round:1": OTHER}}]},
            "study.log: 1 of 6 values DIFFER, first [0]/user_attr/round:1/scores/accuracy: 0.5 before, 0.6 after",
        ),
        (
            {"predictions": {"p_0": np.array([0.25, NEXT], np.float32)}},
            "predictions.parquet: 1 of 6 values DIFFER, first /p_0[1]: 0.5 before, 0.5000000596046448 after",
        ),
        (
            {"leaderboard": "name,seconds\nce #1,1\n"},
            "leaderboard.csv: 1 of 1 values DIFFER, first [0]/name: 'ce #0' before, 'ce #1' after",
        ),
        ({"config": {"layers": 3}}, "model/config.json: 1 of 1 values DIFFER, first /layers: 2 before, 3 after"),
        (
            {"config": {"more": True}},
            "model/config.json: 1 of 1 values DIFFER, first /more: nothing before, True after",
        ),
    ],
)
def test_a_difference_is_named_with_both_values(tmp_path: Path, changed: dict[str, Any], line: str) -> None:
    compared = compare(write_search(tmp_path / "before"), write_search(tmp_path / "after", **changed))
    assert [one.line for one in compared if not one.same] == [f"one: {line}"]


def test_the_tensor_that_differs_is_named(tmp_path: Path) -> None:
    tensors = {"a": np.array([0.0, -0.0], np.float32)}
    compared = compare(write_search(tmp_path / "before"), write_search(tmp_path / "after", tensors=tensors))
    [one] = [one for one in compared if not one.same]
    assert one.line.startswith("one: model/model.safetensors: 2 of 2 values DIFFER, first /a: 'float32 [2], 8 bytes")


def test_files_and_searches_that_only_one_has(tmp_path: Path) -> None:
    before, after = write_search(tmp_path / "before"), write_search(tmp_path / "after")
    (after / "searches" / "one" / "model" / "README.md").write_text("a\nb\n")
    [one] = [one for one in compare(before, after) if not one.same]
    assert one.line == "one: model/README.md: DIFFERENT, /: nothing before, ['a', 'b'] after"
    (before / "searches" / "one").rename(before / "searches" / "two")
    assert [one.line for one in compare(before, after)] == [
        f"one: DIFFERENT, there is no search in {before}/searches/one",
        f"two: DIFFERENT, there is no search in {after}/searches/two",
    ]


def test_values_are_the_same_only_if_their_types_are() -> None:
    same = {"a": [1, math.nan, None], "b": "x"}
    assert list(differences(same, {"a": [1, math.nan, None], "b": "x"})) == []
    assert [found[0] for found in differences({"a": [1, 0.0, True]}, {"a": [1.0, -0.0, 1]})] == [
        "/a[0]",
        "/a[1]",
        "/a[2]",
    ]
    assert [found[0] for found in differences({"a": 1, "b": 2}, {"b": 2, "a": 1})] == ["/ (order of keys)"]
