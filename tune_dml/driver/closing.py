"""What a search leaves on disk and in MLflow."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from tune_dml.config import BASELINES, State, TrialRecord
from tune_dml.evaluation import leader
from tune_dml.reporting import (
    SearchReport,
    html_page,
    leaderboard_frame,
    leaderboard_markdown,
    write_csv_atomic,
    write_predictions,
    write_text_atomic,
)
from tune_dml.results.search_file import SearchFile
from tune_dml.tracking import Finish, ModelRegistration, Tracker, TrainingData, data_name, trial_key
from tune_dml.training.scoring import mean_scores, summaries
from tune_dml.tuning.journal import Journal

ARTIFACTS = ("best.yaml", "leaderboard.csv", "report.html", "predictions.parquet", "search.yaml")


def write_results(
    report: SearchReport, about: SearchFile, journal: Journal, test_labels: npt.NDArray[Any] | None
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


def described(about: SearchFile) -> dict[str, str]:
    """What becomes the parent run's parameters."""
    settings = about.settings
    return {
        "task": settings.task.task,
        "source": about.source,
        "shots": str(len(about.labels)),
        "draw": str(settings.draw.draw),
        "encoder": ", ".join(settings.encoder_names),
        "encoder_sha256": ", ".join(encoder.sha256 for encoder in about.searched),
        "space": settings.space,
        "trials": str(settings.trials),
        "searcher": settings.searcher,
        "scheduler": settings.scheduler,
        "metric": settings.metric,
        "protocol": settings.protocol,
        "precision": settings.precision,
        "seed": str(settings.seed),
    }


def best_scores(records: Sequence[TrialRecord], metric: str, rounds: int, latest: bool) -> dict[int, float]:
    """The parent run's curve, as if the trials had ended in the order of their numbers.

    Args:
        records: Trials and baselines.
        rounds: Of a trial.
        latest: Whether the latest round's score counts.
    """
    ended = [r for r in records if r.kind == "trial" and r.state in (State.COMPLETE, State.PRUNED, State.FAIL)]
    curve, best = {}, None
    for count, record in enumerate(ended, start=1):
        best = leader([record] if best is None else [best, record], metric, rounds, latest)
        scores = mean_scores(best.rounds, latest) if best is not None else None
        if scores is not None:
            curve[count] = scores[metric]
    return curve


def finish_of(report: SearchReport) -> Finish:
    """The parent run's end."""
    assert report.folder is not None
    winner = report.winner
    metrics: dict[str, float] = {"seconds": report.seconds} if report.seconds else {}
    config = None
    if winner is not None:
        readout = report.readouts.get(winner.name, report.kind.target.readout)
        config = {**winner.params, "readout": readout, "temperature": report.temperature}
        scores = mean_scores(winner.rounds, report.latest)
        metrics |= {f"cv_{name}": value for name, value in (scores or {}).items()}
    if report.corrected is not None:
        metrics |= {f"corrected_{name}": value for name, value in report.corrected.scores.items()}
    encoders, beaten = {r.name: r.encoder for r in report.records}, winner.name if winner is not None else None
    for name, seeds in report.confirmed.items():
        is_winner = winner is not None and name == winner.name
        if is_winner or (name.partition(" ")[0] in BASELINES and encoders.get(name) == encoders.get(str(beaten))):
            # Of several encoders, a baseline is also called by its own.
            prefix = "test" if is_winner else f"{name.partition(' ')[0]}_test"
            for score, summary in summaries(seeds).items():
                metrics |= {f"{prefix}_{score}": summary.mean, f"{prefix}_{score}_sd": summary.sd}
    if report.soup is not None and report.soup.scores is not None:
        metrics |= {f"soup_test_{score}": value for score, value in report.soup.scores.items()}
    if report.bought is not None:
        metrics[f"bought_{report.bought.metric}"] = report.bought.mean
    keys = {record.name: trial_key(record) for record in report.records}
    return Finish(
        "KILLED" if report.interrupted else "FINISHED",
        metrics,
        leaderboard_markdown(report),
        tuple(str(Path(report.folder) / name) for name in ARTIFACTS),
        trial_key(winner) if winner is not None else None,
        config,
        {
            keys[name]: {f"test_{score}": summary.mean for score, summary in summaries(seeds).items()}
            for name, seeds in report.confirmed.items()
            if name in keys
        },
    )


def data_of(about: SearchFile) -> TrainingData:
    """What the runs were trained on: equal digests, equal rows in equal order."""
    digest = hashlib.sha256("".join(about.hashes).encode()).hexdigest()[:32]
    return TrainingData(data_name(about.settings), digest, about.source)


def registration_of(report: SearchReport, about: SearchFile) -> ModelRegistration | None:
    """What the registry is told of the winner's model; ``None`` without one."""
    winner = report.winner
    scores = mean_scores(winner.rounds, report.latest) if winner is not None else None
    if report.model is None or winner is None or scores is None or report.interrupted:
        return None
    return ModelRegistration(
        score=scores[report.settings.metric],
        label_names=about.label_names,
        kind=about.kind,
        trial=trial_key(winner),
        description=report.protocol,
    )


def tell_mlflow(tracker: Tracker, report: SearchReport, about: SearchFile) -> None:
    """The parent run's end, and the registered model."""
    finish = finish_of(report)
    tracker.search_finished(
        finish.status,
        finish.metrics,
        finish.description,
        [Path(path) for path in finish.artifacts],
        winner=finish.winner,
        config=finish.config,
        of_trials=finish.of_trials,
    )
    registration = registration_of(report, about)
    if registration is not None and report.model is not None:
        tracker.register_model(Path(report.model), registration)
