"""The Python of the README, as it stands there; its search is made small."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ended

ROOT = Path(__file__).resolve().parents[2]
SMALL = "trials=2, encoder='bert-tiny', folds=2, confirm_seeds=1, concurrency=1, losses=['ce', 'supcon']"


def test_the_python_of_the_readme(tmp_path: Path, tune_dml: Callable[..., Ended]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    small = code.replace("trials=16", SMALL)
    assert small != code
    done = tune_dml("-c", small, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "supcon" in done.out


#: A search that Ctrl-C stops, as in a notebook; then, in the same process, two at the same time.
SEARCHES = """
import os, signal, sys, threading, time
import tune_dml

shots = {"stopped": 25, "one": 25, "other": 30}
small = dict(task="bbc", encoder="bert-tiny", folds=2, confirm_seeds=1, concurrency=1, losses=["supcon"], max_length=24)
results = {}

def search(name, trials=1):
    results[name] = tune_dml.search(name=name, shots=shots[name], trials=trials, **small)

def press(journal="tune-dml-results/searches/stopped/study.log"):
    while not (os.path.exists(journal) and "round:1" in open(journal, errors="replace").read()):
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
search("stopped", trials=50)
assert results["stopped"].interrupted
assert "tune-dml resume stopped" in repr(results["stopped"])

threads = [threading.Thread(target=search, args=(name,)) for name in ("one", "other")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for name in ("one", "other"):
    result = results[name]
    assert result.report.settings.name == name
    assert len(result.report.records) == 3, result.report.records
    assert not result.report.failed, result.report.failed
    # Its own work, and not that of the other one.
    assert all(sum(len(r.rows) for r in record.rounds) == shots[name] for record in result.report.records)
print(result)
print(repr(tune_dml.load(result.model_path)))
import ray
assert not ray.is_initialized()
assert "RAY_preload_python_modules" not in os.environ
"""


@pytest.mark.long
def test_a_process_searches_again_after_ctrl_c_and_twice_at_the_same_time(
    tmp_path: Path, tune_dml: Callable[..., Ended]
) -> None:
    done = tune_dml("-c", SEARCHES, cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert done.out.startswith("bbc · 30 shots · bert-tiny · other\n  Winner: supcon #0")
    assert f"model: {tmp_path}" in done.out
    assert "<Classifier of single texts into 5 classes (business, " in done.out
    assert len(done.out) < 1_500
