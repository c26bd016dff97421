"""The leaderboard as a data frame, as Markdown, and as the cells of any other table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tune_dml.config import Scores
from tune_dml.data import METRICS
from tune_dml.reporting.document import SearchReport
from tune_dml.reporting.leaderboard import Row
from tune_dml.reporting.wording import result_sentences, shots_sentence

if TYPE_CHECKING:
    import pandas as pd

#: Shots of the most frequent class over those of the rarest, from which a task counts as imbalanced.
IMBALANCE = 2
#: Rows of what the winner's seeds are together.
OF_SEEDS = ("ensemble", "soup")


def leaderboard_frame(report: SearchReport) -> pd.DataFrame:
    """``leaderboard.csv``: one line per row in their order, hyperparameters last.

    Raises:
        ResultsError: the records lack the baselines.
    """
    import pandas as pd

    rows = report.rows()
    metrics = report.kind.target.metrics
    names, decided = [m.name for m in metrics], [m.name for m in metrics if m.ties is not None]
    hidden = {"loss", "readout", "temperature"}
    parameters = list(dict.fromkeys(name for row in rows for name in row.params if name not in hidden))
    table: dict[str, Any] = {
        "rank": pd.array([row.rank for row in rows], dtype="Int64"),
        "kind": [row.kind for row in rows],
        "trial": pd.array([row.trial for row in rows], dtype="Int64"),
        "name": [row.name for row in rows],
        "loss": [row.loss for row in rows],
        "state": [row.state for row in rows],
        "rounds": [row.rounds for row in rows],
        **{f"cv_{name}": [_of(row.cv, name) for row in rows] for name in names},
        "cv_score": [math.nan if row.cv_score is None else row.cv_score for row in rows],
    }
    for name in decided or names:
        table[f"test_{name}_mean"] = [row.test[name].mean if row.test else math.nan for row in rows]
        # One classifier has a test score and no spread over seeds.
        table[f"test_{name}_sd"] = [
            row.test[name].sd if row.test and row.kind not in OF_SEEDS else math.nan for row in rows
        ]
    table |= {
        "readout": [row.readout for row in rows],
        "seconds": [round(row.seconds, 3) for row in rows],
        "reason": [row.reason for row in rows],
    }
    table |= {name: pd.Series([row.params.get(name) for row in rows], dtype=object) for name in parameters}
    return pd.DataFrame(table)


def leaderboard_markdown(report: SearchReport, limit: int | None = None) -> str:
    """The leaderboard and its sentences as Markdown; with ``limit``, the best trials alone.

    Raises:
        ResultsError: the records lack the baselines.
    """
    rows = report.rows()
    headers, cells = table_cells(report, shortened(rows, limit))
    table = [headers, ["---"] * len(headers), *cells]
    lines = ["| " + " | ".join(_markdown(cell).replace("|", "\\|") for cell in line) + " |" for line in table]
    before = [shots_sentence(report), report.protocol]
    paragraphs = [*map(_markdown, before), "\n".join(lines), *map(_markdown, result_sentences(report, rows))]
    return "\n\n".join(paragraphs) + "\n"


def table_cells(report: SearchReport, rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Headers and cells of the table for people: terminal, Markdown and HTML show the same one.

    Where one class has twice as many shots as another, macro F1 stands beside accuracy, in the place of rounds and log
    loss; so of other kinds what they have.
    """
    shown = report.shown_metric
    others = [m for m in report.kind.target.metrics if m is not shown and m.ties is not None]
    second = others[0] if others and _imbalanced(report.per_class) else None
    beside = second or (None if shown.ties is None else METRICS[shown.ties])
    has_test = any(row.test for row in rows)
    in_cv = [metric for metric in (shown, beside) if metric is not None]
    in_test = [metric for metric in (shown, second) if metric is not None and has_test]
    encoders = any(row.encoder for row in rows)
    headers = ["#", "name", *(["encoder"] if encoders else []), *([] if second else ["rounds"])]
    headers += [f"cv {metric.short}" for metric in in_cv] + [f"test {metric.short}" for metric in in_test]
    cells = []
    for row in rows:
        line = ["" if row.rank is None else str(row.rank), row.name, *([row.encoder] if encoders else [])]
        if not second:
            line.append("" if row.kind in OF_SEEDS else f"{row.rounds}/{report.rounds}")
        line += [f"{_of(row.cv, metric.name):.3f}" if row.cv else "" for metric in in_cv]
        line += [_with_spread(row, m.name) if m is shown else _mean(row, m.name) for m in in_test]
        cells.append([*line, row.mark])
    return [*headers, ""], cells


def _imbalanced(per_class: Mapping[str, int]) -> bool:
    return max(per_class.values()) >= IMBALANCE * min(per_class.values())


def shortened(rows: Sequence[Row], limit: int | None) -> list[Row]:
    """The first ``limit`` trials, in place, with every other row, the winner and what was confirmed."""
    if limit is None:
        return list(rows)
    trials = [row.name for row in rows if row.kind == "trial"][:limit]
    return [row for row in rows if row.kind != "trial" or row.test or row.is_winner or row.name in trials]


def _with_spread(row: Row, shown: str) -> str:
    if not row.test:
        return ""
    summary = row.test[shown]
    if len(summary.values) == 1:
        return f"{summary.mean:.3f}"
    return f"{summary.mean:.3f} ± {summary.sd:.3f}"


def _mean(row: Row, name: str) -> str:
    return f"{row.test[name].mean:.3f}" if row.test else ""


def _of(scores: Scores | None, name: str) -> float:
    return math.nan if scores is None else float(scores[name])


def _markdown(text: str) -> str:
    # Class names are data; as HTML they would be swallowed by whoever shows the Markdown.
    return text.replace("&", "&amp;").replace("<", "&lt;")
