"""Everything a search shows when it ends, and the machine-readable document made of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tune_dml.config import Scores, SearchSettings, State, TrialRecord
from tune_dml.data import Kind, Metric, majority_rate
from tune_dml.reporting.leaderboard import Row, leaderboard_rows
from tune_dml.training.scoring import CorrectedEstimate, Gain, SeedScore, Summary, shown_metric


@dataclass(frozen=True, repr=False)
class SearchReport:
    """A finished or interrupted search, ready to be shown.

    Attributes:
        kind: Of its task.
        shots: Labelled examples in all.
        per_class: Shots by class name.
        protocol: One sentence: how configurations were selected and scored.
        records: Trials and baselines, in any order.
        rounds: Of a trial that is not stopped early.
        latest: Rounds are parts of one schedule, and the last one's score counts.
        winner: ``None`` if no trial finished.
        readouts: By record name, the read-out chosen for it; at least for the winner and what was confirmed.
        readout_scores: The winner's, by read-out, in the kind's default metric, over its out-of-fold predictions.
        temperature: Of the winner's read-out.
        corrected: The bias-corrected estimate, if there is a winner.
        has_test: Whether the task has a test split.
        test_majority: Share of the test texts that are of the most frequent class of the shots, once known.
        confirmed: By record name, test scores of its confirm seeds; a name without any is left out.
        first_recipe: Name of the trial that the space begins with, if it has not failed.
        bought: What the winner has over that on the test texts, if another one won and both are confirmed.
        ensemble: Test scores of the average over the winner's seeds, where it was asked for.
        lost_workers: How often a worker was lost, by cause; what it ran was run again.
        confirm_failed: Reasons of confirm runs that failed, with their number.
        notes: Plain sentences on what cleaning did.
        source: Where the data came from.
        folder, model, best, report: Paths of what was written.
        mlflow_page: Address of the search in the UI of an MLflow server.
        interrupted: Trials that were asked for are missing.
        seconds: Wall time of the whole search.
    """

    settings: SearchSettings
    kind: Kind
    shots: int
    per_class: Mapping[str, int]
    protocol: str
    records: Sequence[TrialRecord]
    rounds: int
    latest: bool = False
    winner: TrialRecord | None = None
    readouts: Mapping[str, str] = field(default_factory=dict)
    readout_scores: Mapping[str, float] = field(default_factory=dict)
    temperature: float = 1.0
    corrected: CorrectedEstimate | None = None
    has_test: bool = True
    test_majority: float | None = None
    confirmed: Mapping[str, Sequence[SeedScore]] = field(default_factory=dict)
    ensemble: Scores | None = None
    first_recipe: str | None = None
    bought: Gain | None = None
    confirm_failed: Mapping[str, int] = field(default_factory=dict)
    lost_workers: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    source: str = ""
    folder: str | None = None
    model: str | None = None
    best: str | None = None
    report: str | None = None
    tracking_uri: str | None = None
    mlflow_page: str | None = None
    interrupted: bool = False
    seconds: float = 0.0

    def __repr__(self) -> str:
        winner = "no winner" if self.winner is None else f"winner {self.winner.name}"
        return f"<SearchReport of {self.settings.name!r}: {len(self.records)} trials and baselines, {winner}>"

    @property
    def failed(self) -> dict[str, int]:
        """How many trials and baselines failed, by reason, the most frequent first."""
        reasons = Counter(r.reason or "error" for r in self.records if r.state == State.FAIL)
        return dict(reasons.most_common())

    @property
    def shown_metric(self) -> Metric:
        """The one that tables show beside the loss."""
        return shown_metric(self.kind, self.settings.metric)

    @property
    def majority(self) -> tuple[str, float] | None:
        """The most frequent class of the shots, and its share: the accuracy of always answering with it. ``None`` where
        an example may have several."""
        if not self.kind.target.exclusive:
            return None
        name = max(self.per_class, key=lambda name: self.per_class[name])
        return name, majority_rate(list(self.per_class.values()))

    def rows(self) -> list[Row]:
        """The leaderboard. Raises :class:`ResultsError` without baselines."""
        return leaderboard_rows(
            self.records,
            metric=self.settings.metric,
            rounds=self.rounds,
            latest=self.latest,
            winner=self.winner.name if self.winner else None,
            readouts=self.readouts,
            confirmed=self.confirmed,
            ensemble=self.ensemble,
            baselines=self.settings.baselines,
        )


def to_json(report: SearchReport) -> dict[str, Any]:
    """The document of ``search --json`` and ``show --json``: plain values, none of them NaN.

    ``leaderboard`` holds the trials, best first by cross validation; baselines stand in ``baselines``. What is not
    known yet is ``None``, or an empty object under ``test``.

    Raises:
        ResultsError: the records lack the baselines.
    """
    settings, rows = report.settings, report.rows()
    return {
        "search": {
            "name": settings.name,
            "task": settings.task.task,
            "shots": report.shots,
            "per_class": dict(report.per_class),
            "draw": settings.draw.draw,
            "encoder": ", ".join(settings.encoder_names),
            "encoders": list(settings.encoder_names),
            "protocol": report.protocol,
            "metric": settings.metric,
            "seed": settings.seed,
            "trials": settings.trials,
            "rounds": report.rounds,
            "interrupted": report.interrupted,
            "source": report.source,
            "notes": list(report.notes),
            "seconds": round(report.seconds, 3),
        },
        "winner": next((_winner(report, row) for row in rows if row.is_winner), None),
        "first_recipe": report.first_recipe,
        "bought": _bought(report.bought),
        "majority": _majority(report),
        "baselines": {
            row.name: {"state": row.state, "cv": _cv(row), "test": _test(row)} for row in rows if row.kind == "baseline"
        },
        "leaderboard": [_trial(report, row) for row in rows if row.kind == "trial"],
        "failed": report.failed,
        "confirm_failed": dict(report.confirm_failed),
        "lost_workers": sum(report.lost_workers.values()),
        "lost_by_cause": dict(report.lost_workers),
        "model": report.model,
        "best": report.best,
        "report": report.report,
        "folder": report.folder,
        "tracking_uri": report.tracking_uri,
        "mlflow_page": report.mlflow_page,
    }


def _bought(gain: Gain | None) -> dict[str, Any] | None:
    if gain is None:
        return None
    return {**asdict(gain), "mean": _plain(gain.mean), "interval": [_plain(value) for value in gain.interval]}


def _majority(report: SearchReport) -> dict[str, Any] | None:
    if report.majority is None:
        return None
    name, share = report.majority
    return {"label": name, "accuracy": round(share, 6), "test_accuracy": _plain(report.test_majority)}


def _winner(report: SearchReport, row: Row) -> dict[str, Any]:
    corrected = report.corrected
    result: dict[str, Any] = {
        "trial": row.trial,
        "name": row.name,
        "encoder": report.settings.encoder_called(row.encoder),
        "config": {
            **{k: _plain(v) for k, v in row.params.items()},
            "readout": row.readout or report.kind.target.readout,
            "temperature": report.temperature,
        },
        "readout": row.readout or report.kind.target.readout,
        "cv": _cv(row)
        | {
            **{
                f"corrected_{metric.name}": _plain(corrected.scores[metric.name]) if corrected else None
                for metric in report.kind.target.metrics
                if metric.ties is not None
            },
            "corrected_interval": [_plain(v) for v in corrected.intervals[report.kind.target.metric]]
            if corrected
            else None,
        },
        "readouts": {name: _plain(value) for name, value in report.readout_scores.items()},
        "test": _test(row),
    }
    if report.ensemble is not None:
        result["ensemble"] = {"test": {k: _plain(v) for k, v in report.ensemble.items()}}
    return result


def _trial(report: SearchReport, row: Row) -> dict[str, Any]:
    return {
        "trial": row.trial,
        "name": row.name,
        **({"encoder": row.encoder} if row.encoder else {}),
        "loss": row.loss,
        "state": row.state,
        "rounds": row.rounds,
        **{
            f"cv_{metric.name}": _plain(row.cv[metric.name]) if row.cv else None
            for metric in report.kind.target.metrics
        },
        "reason": row.reason,
    }


def _cv(row: Row) -> dict[str, Any]:
    return {k: _plain(v) for k, v in row.cv.items()} if row.cv else {}


def _test(row: Row) -> dict[str, Any]:
    return {name: _summary(summary) for name, summary in row.test.items()}


def _summary(summary: Summary) -> dict[str, Any]:
    return {"mean": _plain(summary.mean), "sd": _plain(summary.sd), "seeds": [_plain(v) for v in summary.values]}


def _plain(value: Any) -> Any:
    """A value that JSON has: numpy scalars become Python's, NaN and infinities ``None``."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
