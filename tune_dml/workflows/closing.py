"""What a search leaves on disk and in MLflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tune_dml.reporting import (
    SearchReport,
    html_page,
    leaderboard_frame,
    leaderboard_markdown,
    write_csv_atomic,
    write_predictions,
    write_text_atomic,
)
from tune_dml.tracking import ModelRegistration, Tracker, trial_key
from tune_dml.training.scoring import mean_scores, summaries
from tune_dml.tuning.journal import Journal
from tune_dml.workflows.search_file import SearchFile

ARTIFACTS = ("best.yaml", "leaderboard.csv", "report.html", "predictions.parquet", "search.yaml")


def write_results(
    report: SearchReport, about: SearchFile, journal: Journal, test_labels: npt.NDArray[np.int64] | None
) -> SearchReport:
    """Write leaderboard, predictions and report; the report with their paths."""
    assert report.folder is not None
    folder = Path(report.folder)
    write_csv_atomic(folder / "leaderboard.csv", leaderboard_frame(report))
    names = {r.name for r in report.records}
    runs = (
        [r for r in journal.confirm_runs() if r.candidate in names and r.reason is None]
        if test_labels is not None
        else []
    )
    write_predictions(
        folder / "predictions.parquet", report.records, runs, about.heldout_labels(), test_labels, about.label_names
    )
    report = replace(report, report=str(folder / "report.html"))
    write_text_atomic(folder / "report.html", html_page(report))
    return report


def tell_mlflow(tracker: Tracker, report: SearchReport, about: SearchFile) -> None:
    """The parent run's end, and the registered model."""
    assert report.folder is not None
    winner, metric = report.winner, report.settings.metric
    metrics: dict[str, float] = {"seconds": report.seconds}
    config = None
    if winner is not None:
        config = {**winner.params, "readout": report.readouts.get(winner.name, "logistic")}
        scores = mean_scores(winner.rounds, report.latest)
        metrics |= {f"cv_{name}": value for name, value in (scores.as_dict() if scores else {}).items()}
    if report.corrected is not None:
        metrics |= {f"corrected_{name}": value for name, value in report.corrected.scores.as_dict().items()}
    for name, seeds in report.confirmed.items():
        if not seeds or (winner is not None and name not in (winner.name, "probe", "reference_ce")):
            continue
        prefix = "test" if winner is not None and name == winner.name else f"{name}_test"
        for score, summary in summaries(seeds).items():
            metrics |= {f"{prefix}_{score}": summary.mean, f"{prefix}_{score}_sd": summary.sd}
    tracker.search_finished(
        "KILLED" if report.interrupted else "FINISHED",
        metrics,
        leaderboard_markdown(report),
        [Path(report.folder) / name for name in ARTIFACTS],
        winner=trial_key(winner) if winner is not None else None,
        config=config,
    )
    scores = mean_scores(winner.rounds, report.latest) if winner is not None else None
    if report.model is not None and winner is not None and scores is not None and not report.interrupted:
        tracker.register_model(
            Path(report.model),
            ModelRegistration(
                score=scores.as_dict()[metric],
                label_names=about.label_names,
                pairs=about.kind == "pair",
                trial=trial_key(winner),
                description=report.protocol,
            ),
        )
