"""Everything a search shows when it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tune_dml.config import Scores, SearchSettings, State, TrialRecord
from tune_dml.data import Kind, Metric, majority_rate
from tune_dml.reporting.leaderboard import Row, leaderboard_rows
from tune_dml.training.scoring import CorrectedEstimate, Gain, SeedScore, shown_metric


@dataclass(frozen=True)
class Soup:
    """The winner's seeds, mixed into one model.

    Attributes:
        seeds: How many.
        readout: Of the soup; empty if it was left out.
        left_out: Why there is none: ``"worse"`` than its seeds on held-out texts, or why a training failed.
        rounds, judged: How many rounds judged it, and the mean score there of the soup and of its seeds, in the shown
            metric; ``None`` if none did.
        scores: On the test texts, where there are any.
    """

    seeds: int
    readout: str
    left_out: str | None
    rounds: int
    judged: tuple[float, float] | None
    scores: Scores | None


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
        soup: Of the winner's seeds, once it is known how it ended with it.
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
    soup: Soup | None = None
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
            soup=None if self.soup is None else self.soup.scores,
            baselines=self.settings.baselines,
        )
