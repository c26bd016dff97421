"""``best.yaml`` may come from others: it is read, or refused in a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tune_dml.errors import ConfigurationError
from tune_dml.results.best_file import read_best

GOOD = """config: {loss: ce}
task: {task: mine}
draw: {shots: 8}
encoder: bert-tiny
encoder_sha256: ee
seed: 0
device: cpu
precision: float32
max_length: 16
hashes: [aa, bb]
label_names: [bad, good]
"""
_BOMB = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*{'a' if not i else f'b{i - 1}'}, *a]\n" for i in range(60))
_MERGES = "a: &a {x: 1}\n" + "".join(f"b{i}: &b{i} {{<<: [*{'a' if not i else f'b{i - 1}'}, *a]}}\n" for i in range(60))


def test_what_else_a_search_writes_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "best.yaml").write_text(GOOD)
    best = read_best(tmp_path / "best.yaml")
    assert (best.hashes, best.draw.shots, best.task.task) == (("aa", "bb"), 8, "mine")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bert-tiny", "2020-99-99", "is not YAML as a search writes it"),
        ("bert-tiny", "!!int x", "is not YAML"),
        ("bert-tiny", "!!bool x", "is not YAML"),
        ("bert-tiny", "!!timestamp x", "is not YAML"),
        ("seed: 0", "seed: " + "9" * 5_000, "is not YAML"),
        ("{loss: ce}", "[" * 100_000, "nested deeper than 16"),
        ("config:", _BOMB + "config:", "alias"),
        ("config:", _MERGES + "config:", "alias"),
        ("{task: mine}", "mine", "a mapping is expected"),
        ("{task: mine}", "{task: 5}", "task cannot be int"),
        ("{shots: 8}", "{shots: fifty}", "shots cannot be str"),
        ("{shots: 8}", "{fifty: 8}", "'fifty'"),
        ("[aa, bb]", "aa", "hashes cannot be str"),
        ("seed: 0\n", "", "seed is missing"),
        ("max_length: 16", "max_length: 1000000000", "max_length is 1000000000"),
        ("device: cpu", "device: tpu", "device is 'tpu'"),
        ("float32", "float64", "precision is 'float64'"),
    ],
)
def test_a_file_that_no_search_wrote_is_a_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    (tmp_path / "best.yaml").write_text(GOOD.replace(old, new))
    start = time.process_time()
    with pytest.raises(ConfigurationError, match=message):
        read_best(tmp_path / "best.yaml")
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"5", b"\0"])
def test_a_file_of_something_else_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "best.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError, match="is not YAML as a search writes it"):
        read_best(tmp_path / "best.yaml")


@pytest.mark.parametrize("path", ["/dev/zero", "absent.yaml", "."])
def test_what_is_no_file_is_a_sentence(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigurationError):
        read_best(tmp_path / path)
