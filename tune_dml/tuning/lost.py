"""Workers that the infrastructure takes away: by what, and how often a trial may meet with that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_dml.tuning.storage import unpacked

#: Losses of all kinds before a trial counts as failed. Machines come and go: that says nothing about a trial.
MOST_LOSSES = 20
#: Losses of a worker alone, whose cause might be the trial; whatever is lost after so many fails it.
WORKER_LOSSES = 3
#: The attribute of Optuna's trials and studies that counts them.
LOST = "lost"
_ON_NODE = "Node: "
NODE, MEMORY, GPU, WORKER = "node", "memory", "gpu", "worker"
#: In the words of Ray and PyTorch.
_SIGNS = {
    "running low on memory": MEMORY,
    "node has died": NODE,
    "node is dead": NODE,
    # Its node would have told of a worker's end.
    "temporarily unavailable": NODE,
    "AcceleratorError": GPU,
}


def cause_of(trial: Any) -> str:
    """What took the worker of Ray Tune's ``trial``, by the last of the errors that are noted with it."""
    last = _last_error(trial)
    return next((cause for sign, cause in _SIGNS.items() if sign in last), WORKER)


def note_node(error: BaseException) -> None:
    """Have ``error``, which ends this worker, say on which node that was."""
    import ray

    error.add_note(f"{_ON_NODE}{ray.get_runtime_context().get_node_id()}")


def node_of(trial: Any) -> str | None:
    """What :func:`note_node` noted with the last error of Ray Tune's ``trial``."""
    found = re.search(rf"{_ON_NODE}(\w+)", _last_error(trial))
    return found[1] if found else None


def _last_error(trial: Any) -> str:
    try:
        return Path(trial.error_file).read_text(encoding="utf-8", errors="replace").rpartition("Failure # ")[2]
    except (OSError, TypeError):
        return ""


def one_more(attributes: Mapping[str, Any], cause: str) -> dict[str, int]:
    """What is to stand as :data:`LOST` among a trial's or a study's attributes once another worker was lost with it."""
    lost = lost_by_cause(attributes)
    return {**lost, cause: lost.get(cause, 0) + 1}


def lost_by_cause(attributes: Mapping[str, Any]) -> dict[str, int]:
    """How many were lost; older journals have a number."""
    lost: int | dict[str, int] = unpacked(attributes.get(LOST, {}))
    return {WORKER: lost} if isinstance(lost, int) else lost
