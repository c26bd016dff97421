"""The files of a comparison: a row for each cell, the tables, the page."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder, metric_of_all, with_other_texts
from tune_dml.comparisons.cells_file import write_cells
from tune_dml.comparisons.comparison import Arm, Comparison
from tune_dml.data import metric_named
from tune_dml.errors import first_line
from tune_dml.reporting import write_csv_atomic, write_text_atomic
from tune_dml.reporting.comparison import ComparisonReport, answer, comparison_page, tables
from tune_dml.reporting.comparison.comparison_tables import latex, markdown, plain
from tune_dml.statistics import Summary
from tune_dml.tracking.comparison_runs import CellTold, write_comparison

if TYPE_CHECKING:
    import pandas as pd


def report_of(
    comparison: Comparison, results: Sequence[CellResult], summary: Summary, folder: ComparisonFolder
) -> ComparisonReport:
    """What there is to show."""
    metric = metric_named(metric_of_all(results))
    without = Counter(f"{r.arm}: {r.reason or 'it has no score.'}" for r in results if r.value is None)
    others = Counter(r.metric for r in results if r.value is not None and r.metric != metric.name)
    without |= {
        f"scored by {name}, not by {metric.name}; give it a comparison of its own.": n for name, n in others.items()
    }
    if strangers := len(with_other_texts(results)):
        why = "run on other texts than the arms beside it: the task's data were not the same there."
        without[why] = strangers
    cells = sum(1 for _ in comparison.cells())
    versions = tuple(sorted({r.version for r in results if r.version}))
    described = {arm.name: _described(arm) for arm in comparison.arms}
    return ComparisonReport(
        comparison.name, metric, summary, described, cells, len(results), without, versions, str(folder.path)
    )


def write_files(report: ComparisonReport, results: Sequence[CellResult], folder: Path) -> None:
    """``cells.csv``, ``cells.jsonl``, ``report.md``, ``report.tex``, ``report.html``, each atomically."""
    write_csv_atomic(folder / "cells.csv", cells_frame(results))
    write_cells(results, folder)
    found = tables(report)
    sentences = "\n\n".join(map(plain, answer(report)))
    write_text_atomic(
        folder / "report.md", f"# Comparison {report.name}\n\n{sentences}\n\n" + "\n".join(map(markdown, found))
    )
    write_text_atomic(folder / "report.tex", "\n".join(map(latex, found)))
    write_text_atomic(folder / "report.html", comparison_page(report))


def tell_mlflow_of(
    report: ComparisonReport, results: Sequence[CellResult], folder: Path, root: Path, tracking_uri: str | None
) -> str | None:
    """Write the comparison to MLflow; a sentence on what went wrong, for the results do not depend on it."""

    told = [
        CellTold(
            r.name,
            {"task": r.task, "shots": str(r.shots), "draw": str(r.draw), "arm": r.arm, "winner": r.winner},
            {key: v for key, v in _figures(r).items() if v is not None and math.isfinite(v)},
        )
        for r in results
        if r.value is not None
    ]
    files = [folder / name for name in ("report.html", "report.md", "cells.csv")]
    description = "\n\n".join(answer(report))
    try:
        write_comparison(report.name, root, tracking_uri, description, told, files, ended=report.done == report.cells)
    except Exception as error:  # a server fails in as many ways as its network, its store and its disk
        return f"MLflow does not have the comparison yet ({first_line(error)}); the same command writes it."
    return None


def _figures(result: CellResult) -> dict[str, float | None]:
    return {
        f"test_{result.metric}": result.value,
        f"cv_{result.metric}": result.cross_validation,
        "seconds": result.seconds,
        "training_seconds": result.training_seconds,
        "rounds": result.rounds,
    }


def cells_frame(results: Sequence[CellResult]) -> pd.DataFrame:
    """A row for each cell that has been run."""
    import pandas as pd

    columns = [name for name in CellResult.__dataclass_fields__ if name not in ("digest", "seeds")]
    return pd.DataFrame([{name: getattr(r, name) for name in columns} for r in results], columns=columns)


def _described(arm: Arm) -> str:
    if arm.peer is not None:
        return f"the peer {arm.peer}"
    if arm.recipe is not None:
        return "one recipe: " + ", ".join(f"{name} {value}" for name, value in arm.recipe.items())
    losses = arm.options.get("losses")
    space = arm.options.get("space", "default")
    return f"a search of the space {space}" + (f", losses {', '.join(losses)}" if losses else "")
