"""A trial that only sleeps, for workers that need no torch."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import numpy as np
from ray import tune

from tune_dml.config import Round
from tune_dml.config.encoding import round_to_json

#: The diagnostic that says which process has run a trial.
WORKER = "worker"


def sleep(config: dict[str, Any], metric: str, seconds: float) -> None:
    """One round of ``seconds``, with the probabilities of ten rows."""
    begun = time.perf_counter()
    time.sleep(seconds)
    accuracy = 1.0 - abs(np.log10(config["params"]["lr"]) + 4.0) / 4.0
    rows = np.arange(10, dtype=np.int64)
    probabilities = {"logistic": np.full((10, 2), 0.5, dtype=np.float32)}
    diagnostics = {WORKER: float(os.getpid())}
    item = Round(
        1,
        rows,
        probabilities,
        {"accuracy": accuracy, "macro_f1": accuracy, "log_loss": 0.7},
        time.perf_counter() - begun,
        diagnostics,
    )
    tune.report({"round": 1, "score": accuracy, "payload": json.dumps(round_to_json(item))})
