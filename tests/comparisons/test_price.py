"""What a comparison that has not been run is said to take."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from tune_dml.comparisons.comparison_file import comparison_from_values
from tune_dml.reporting.output import Output
from tune_dml.workflows.comparison_plan import price


def test_masked_lm_steps_count_once_and_peers_by_name(tmp_path: Path) -> None:
    recipe = {"loss": "ce", "lr": 1.0e-3, "epochs": 1}
    arms = {
        "plain": {"recipe": recipe},
        "adapted": {"recipe": recipe, "adapt_mlm": 2000},
        "longer": {"recipe": {**recipe, "epochs": 2}, "adapt_mlm": 2000},
        "probe": {"peer": "linear_probe"},
    }
    values = {"name": "priced", "tasks": ["bbc"], "shots": 20, "draws": 3, "encoder": "bert-tiny", "folds": 2}
    comparison = comparison_from_values({**values, "arms": arms})
    plan = price(comparison, str(tmp_path / "results"), Output(Console(file=io.StringIO())), {})
    assert plan.document["cells"] == plan.document["missing"] == 12
    [line] = [line for line in plan.lines if line.startswith("masked-LM steps first: about")]
    minutes = int(line.split()[-4])
    # Six cells want them, and they are done once.
    assert plan.document["estimated_seconds"] < 60 * minutes + 60 + 12 * 90
    assert "bbc, 20 shots, probe: 3 cells of a linear probe, seconds each" in plan.lines
    assert not (tmp_path / "results").exists()
