"""Workers that are lost with a trial: it is run again, and the summary says by what they were lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: Its first run in a worker meets a failing GPU, its second one is killed as the system does when memory runs out.
UNLUCKY = """
import os
import signal
import sys
from pathlib import Path

import torch
from tune_dml.losses import LossSpec
from tune_dml.losses.all_losses import LOSSES

RUNS = Path({runs!r})


def _build(classes, dimension, params):
    if Path(sys.argv[0]).name == "default_worker.py":
        with RUNS.open("a") as file:
            file.write("run ")
    runs = len(RUNS.read_text().split()) if RUNS.exists() else 0
    if runs == 1:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
    if runs == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return LOSSES["supcon"].build(classes, dimension, {{"temperature": 0.1}})


SPEC = LossSpec(name="unlucky", paper="none", build=_build)
"""


@pytest.mark.slow
@pytest.mark.long
def test_what_a_lost_worker_ran_is_run_again_and_the_cause_is_named(
    tmp_path: Path, tune_dml: Callable[..., Any], search_arguments: tuple[str, ...]
) -> None:
    (tmp_path / "unlucky.py").write_text(UNLUCKY.format(runs=str(tmp_path / "runs")))
    (tmp_path / "space.yaml").write_text("loss: {choices: [unlucky]}\nlr: {float: [1.0e-4, 1.0e-3]}\nepochs: 2\n")
    options = ["--space", "space.yaml", "--loss-plugin", "unlucky:SPEC", "--trials", "1", "--concurrency", "1"]
    ended = tune_dml(*search_arguments, *options, "--name", "unlucky", "--no-confirm", "--json", cwd=tmp_path)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["failed"] == {}
    assert document["lost_by_cause"] == {"gpu": 1, "worker": 1}
    shown = tune_dml("show", "unlucky", cwd=tmp_path)
    assert "A worker was lost 2 times (1 to a fault of its GPU, 1 by itself)" in " ".join(shown.out.split())
