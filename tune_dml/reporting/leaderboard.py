"""The leaderboard: its rows in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tune_dml.config import BASELINES, Scores, State, TrialRecord, Value
from tune_dml.errors import ResultsError
from tune_dml.training.scoring import SeedScore, Summary, mean_objective, mean_scores, rank, summaries

_MARKS = {State.PRUNED: "stopped", State.RUNNING: "running", State.WAITING: "waiting"}


@dataclass(frozen=True)
class Row:
    """One line of the leaderboard.

    Attributes:
        rank: 1, 2, ... among those with a score, baselines included; ``None`` for failed ones, ensemble and soup.
        kind: ``"trial"``, ``"baseline"``, ``"ensemble"`` (the average over the winner's confirm seeds) or ``"soup"``
            (the mean of their weights).
        trial: Optuna's number; ``None`` unless ``kind`` is ``"trial"``.
        rounds: Done.
        cv: Means over the rounds done; ``None`` without any.
        cv_score: The mean objective, by which rows are ordered.
        test: By score name, over confirm seeds; empty where nothing was confirmed.
        mark: What to say of it in one or two words: ``"winner"``, ``"baseline"``, ``"stopped"``, ``"failed: nan"``.
    """

    rank: int | None
    kind: str
    trial: int | None
    name: str
    loss: str
    state: str
    rounds: int
    cv: Scores | None
    cv_score: float | None
    test: Mapping[str, Summary]
    readout: str | None
    seconds: float
    reason: str | None
    mark: str
    is_winner: bool = False
    params: Mapping[str, Value] = field(default_factory=dict)

    @property
    def encoder(self) -> str:
        """What the search calls its encoder; empty where it has no other."""
        return str(self.params.get("encoder") or "")


def leaderboard_rows(
    records: Iterable[TrialRecord],
    *,
    metric: str,
    rounds: int,
    latest: bool = False,
    winner: str | None = None,
    readouts: Mapping[str, str] | None = None,
    confirmed: Mapping[str, Sequence[SeedScore]] | None = None,
    ensemble: Scores | None = None,
    soup: Scores | None = None,
    baselines: Sequence[str] = BASELINES,
) -> list[Row]:
    """Rows ordered by cross validation alone; test scores are shown and never looked at for the order.

    Args:
        baselines: That the search has.

    Raises:
        ResultsError: a baseline is missing, because without it no score of a trial means anything.
    """
    ordered = rank(records, metric, rounds, latest)
    missing = [b for b in baselines if not any(r.kind == "baseline" and r.name == b for r in ordered)]
    if missing:
        raise ResultsError(
            f"The search has no record of {' and '.join(missing)}. A leaderboard is shown with its baselines or not "
            "at all; `tune-dml resume` runs what is missing."
        )
    rows: list[Row] = []
    position = 0
    for record in ordered:
        scored = bool(record.rounds) and record.state != State.FAIL
        position += scored
        seeds = (confirmed or {}).get(record.name)
        rows.append(
            Row(
                rank=position if scored else None,
                kind=record.kind,
                trial=record.number if record.kind == "trial" else None,
                name=record.name,
                loss=record.loss,
                state=str(record.state),
                rounds=len(record.rounds),
                cv=mean_scores(record.rounds, latest),
                cv_score=mean_objective(record.rounds, metric, latest) if record.rounds else None,
                test=summaries(seeds) if seeds else {},
                readout=(readouts or {}).get(record.name),
                seconds=sum(r.seconds for r in record.rounds),
                reason=record.reason,
                mark=_mark(record, winner),
                is_winner=record.kind == "trial" and record.name == winner,
                params=record.params,
            )
        )
    if ensemble is not None and winner is not None:
        rows.append(_row_of_seeds("ensemble", "average of seeds", ensemble, rows))
    if soup is not None and winner is not None:
        rows.append(_row_of_seeds("soup", "mixed", soup, rows))
    return rows


def _mark(record: TrialRecord, winner: str | None) -> str:
    if record.state == State.FAIL:
        state = f"failed: {record.reason or 'error'}"
    else:
        state = _MARKS.get(record.state, "")
    if record.kind == "baseline":
        return f"baseline, {state}" if state else "baseline"
    return "winner" if record.name == winner else state


def _row_of_seeds(kind: str, mark: str, scores: Scores, rows: list[Row]) -> Row:
    """What the winner's seeds are together."""
    winner = next(row for row in rows if row.is_winner)
    return Row(
        rank=None,
        kind=kind,
        trial=None,
        name=f"{winner.name} {kind}",
        loss=winner.loss,
        state=winner.state,
        rounds=0,
        cv=None,
        cv_score=None,
        test={name: Summary(value, 0.0, (value,)) for name, value in scores.items()},
        readout=winner.readout,
        seconds=0.0,
        reason=None,
        mark=mark,
        params={"encoder": winner.encoder} if winner.encoder else {},
    )
