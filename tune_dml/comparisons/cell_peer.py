"""A cell whose arm is another tool: in processes of its own, on the cell's draw, folds and test texts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tune_dml.comparisons.cell_results import CellResult, digest_of_texts
from tune_dml.comparisons.comparison import Cell
from tune_dml.comparisons.peers import PEERS
from tune_dml.comparisons.peers.job import PeerJob
from tune_dml.data import load_task
from tune_dml.driver.drawing import Drawn, draw_data
from tune_dml.driver.lengths import DEFAULT_MAX_LENGTH
from tune_dml.driver.options import TRIALS_ON_CPU, draw_settings, metric_of, task_settings
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import EnvironmentFault, UsageError
from tune_dml.execution.this_machine import cores, visible_gpus
from tune_dml.models.encoder_source import default_encoder, fetch, find_encoder
from tune_dml.training.scoring import score


def run_peer(cell: Cell, request: SearchRequest) -> CellResult:
    """What the peer gives.

    Raises:
        UsageError: it cannot take such a task.
        EnvironmentFault: it ended with an error.
    """
    begun, name = time.monotonic(), str(cell.arm.peer)
    peer = PEERS[name]
    drawn = draw_data(load_task(task_settings(request)), draw_settings(request))
    test, kind = drawn.task.test, drawn.kind
    if test is None:
        raise UsageError(f"The task '{cell.task_name}' has no test texts to compare arms on.")
    if not kind.target.exclusive or (drawn.split.texts_b is not None and not peer.pairs):
        raise UsageError(f"The peer {name} cannot take a task of the kind {kind.name}.")
    slots = request.concurrency if isinstance(request.concurrency, int) else int(cores())
    found = peer_output(name, peer_job(drawn, request), slots)
    metric = metric_of(request)
    return CellResult.of(
        cell,
        metric,
        [score(kind, probabilities, test.labels)[metric] for probabilities in found["probabilities"]],
        winner=name,
        seconds=time.monotonic() - begun,
        training_seconds=float(found["seconds"]),
        rounds=int(found["rounds"]),
        trials=int(found["trials"]),
        texts=digest_of_texts(drawn.split.hashes()),
    )


def peer_job(drawn: Drawn, request: SearchRequest) -> PeerJob:
    """What a peer is given: the draw with its folds, and the test texts without their labels."""
    gpus = visible_gpus()
    source = fetch(find_encoder(request.encoder or default_encoder(gpus > 0)))
    split, test = drawn.split, drawn.task.test
    assert test is not None
    assert source.folder is not None
    return PeerJob(
        encoder=str(source.folder),
        texts=split.texts,
        second=split.texts_b or (),
        labels=tuple(split.labels.tolist()),
        test=test.texts,
        test_second=test.texts_b or (),
        classes=len(drawn.task.label_names),
        folds=tuple((tuple(f.train.tolist()), tuple(f.heldout.tolist())) for f in drawn.folds),
        trials=request.trials or TRIALS_ON_CPU,
        seeds=tuple(range(request.confirm_seeds)),
        max_length=request.max_length if isinstance(request.max_length, int) else DEFAULT_MAX_LENGTH,
        cuda=gpus > 0 and request.gpus_per_trial != 0,
    )


def peer_output(name: str, job: PeerJob, slots: int) -> dict[str, np.ndarray]:
    """Class probabilities ``[seeds, test texts, classes]``, and what they took.

    Raises:
        EnvironmentFault: the peer ended with an error.
    """
    peer = PEERS[name]
    parts = slots if peer.searches else 1
    with tempfile.TemporaryDirectory() as scratch:
        path, out = Path(scratch) / "job.json", Path(scratch) / "out.npz"
        job.write(path)
        begins = [sys.executable, "-m", peer.module, str(path), str(out)]
        commands = [[*begins, str(part), str(parts)] for part in range(parts)]
        errors = [Path(scratch) / f"errors-{part}.txt" for part in range(parts)]
        running = []
        try:
            for command, error in zip(commands, errors, strict=True):
                with error.open("w") as file:
                    running.append(subprocess.Popen(command, stdout=file, stderr=file))
            codes = [process.wait() for process in running]
        finally:
            for process in running:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        for code, error in zip(codes, errors, strict=True):
            if code:
                raise EnvironmentFault(f"The peer {name} ended with an error: {_last_line(error)}")
        with np.load(out, allow_pickle=False) as found:
            return dict(found)


def _last_line(file: Path) -> str:
    lines = [line.strip() for line in file.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."
