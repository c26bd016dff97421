"""Hyperparameter search for fine-tuning text encoders on few labelled examples with metric-learning losses.

import tune_dml

result = tune_dml.search(task="bbc", shots=50, trials=16)
result.leaderboard
classifier = tune_dml.load(result.model_path)
classifier.predict(["Striker signs for United"])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_dml.errors import EnvironmentFault, TuneDMLError, UsageError
from tune_dml.version import __version__

if TYPE_CHECKING:
    from tune_dml.models.classifier import Classifier
    from tune_dml.reporting.output import Output
    from tune_dml.workflows.api import ComparisonResult, SearchResult

__all__ = ["EnvironmentFault", "TuneDMLError", "UsageError", "__version__", "compare", "load", "search"]


def search(*, out: Output | None = None, **options: Any) -> SearchResult:
    """Find the fine-tuning recipe that works best for a task with few labelled examples, and confirm it.

    Args:
        out: Where progress goes; by default only warnings are shown.
        **options: As those of ``tune-dml search``, with underscores: ``task="bbc"``, ``shots=50``, ``trials=16``,
            ``losses=["ce", "supcon"]``, ``time_budget="30m"``; see :class:`tune_dml.driver.request.SearchRequest`.

    Raises:
        TuneDMLError: something about the request, the data or the environment is wrong.
    """
    from tune_dml.workflows.api import run_search

    return run_search(options, out)


def compare(
    comparison: str | Path | Mapping[str, Any],
    *,
    results: str | Path = "tune-dml-results",
    run: bool = True,
    cells_at_once: int = 1,
    add_cells: Sequence[str | Path] = (),
    out: Output | None = None,
) -> ComparisonResult:
    """Hold ways of training against one another on the same few-shot samples; go on where an earlier call stopped.

    Args:
        comparison: A file, the name of one that comes along (``small``, ``papers``, ``peers``), or what such a file
            holds: ``{"tasks": ["bbc"], "draws": 5, "arms": ["ce", "supcon"]}``.
        results: Folder of all results.
        run: Whether to run the cells that are missing.
        cells_at_once: Cells side by side, each in a process of its own.
        add_cells: Files of cells that were run elsewhere, each a ``cells.jsonl`` or its folder.
        out: Where progress goes; by default only warnings are shown.

    Raises:
        TuneDMLError: something about the comparison, the data or the environment is wrong.
    """
    from tune_dml.workflows.api import run_comparison

    return run_comparison(comparison, results, out, run=run, at_once=cells_at_once, add=[*map(str, add_cells)])


def load(model: str | Path, device: str | None = None) -> Classifier:
    """The classifier in a ``model/`` folder, with ``predict``, ``predict_proba`` and ``embed``.

    Raises:
        TuneDMLError: the folder is missing, incomplete, damaged or of another kind.
    """
    from tune_dml.models.classifier import load_classifier

    return load_classifier(model, device)
