"""The machine-readable document of a search."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from tune_dml.reporting.document import SearchReport
from tune_dml.reporting.leaderboard import Row
from tune_dml.training.scoring import Gain, Summary


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
    if (soup := report.soup) is not None:
        judged = None if soup.judged is None else dict(zip(("soup", "seeds"), map(_plain, soup.judged), strict=True))
        scores = {k: _plain(v) for k, v in (soup.scores or {}).items()}
        result["soup"] = {**asdict(soup), "judged": judged, "test": scores}
        del result["soup"]["scores"]
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
