"""Searches whose trials only sleep: what is noted of them, and the tables made of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.course import Course  # noqa: E402


def test_a_course_begins_to_count_when_every_slot_has_a_worker() -> None:
    course = Course(begun=0.0, ends=[4.0, 5.0, 7.0, 9.0], cpu=[1.0, 1.5, 1.51, 1.53], workers=[1, 2, 2, 3])
    assert course.warm(2) == 1
    assert course.seconds(1, 3) == 4.0
    assert course.milliseconds(1, 3) == pytest.approx(15.0)
    with pytest.raises(SystemExit, match="only 3 of 4 workers"):
        course.warm(4)


def test_a_course_knows_workers_by_what_they_say() -> None:
    course = Course()
    for worker in (7.0, 7.0, 8.0):
        course.ended(worker)
    assert course.workers == [1, 1, 2]
    assert course.ends == sorted(course.ends)
    assert min(course.memory) > 0


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("options", "rows"),
    [(["--nodes", "1,2", "--each", "3"], 2), (["--case", "many", "--trials", "40", "--slots", "2"], 11)],
)
def test_nodes_prints_a_table(options: list[str], rows: int) -> None:
    command = [sys.executable, "-m", "benchmarks", "nodes", "--cpus", "1", "--seconds", "0.2", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH_")}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    table = [line for line in ended.stdout.splitlines() if line.startswith("|")]
    assert len(table) == 2 + rows
    assert "Trials of 0.2 s" in ended.stdout
