"""From the journal to what is shown: who won, with which read-out, and what it scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from tune_dml.config import ConfirmRun, State, TrialRecord
from tune_dml.data import majority_share
from tune_dml.evaluation import (
    best_of_loss,
    bias_corrected,
    choose_readout,
    choose_temperature,
    confirm_scores,
    ensemble_scores,
    first_recipe,
    gain_over,
    readout_scores,
    runners_up,
    winner,
)
from tune_dml.evaluation.confirm_runs import Candidate, candidates
from tune_dml.evaluation.soups import judged_scores, soup_name
from tune_dml.reporting import SearchReport, Soup
from tune_dml.results.search_file import SearchFile
from tune_dml.tracking import search_page, tracking_uri_of, without_password
from tune_dml.training.scoring import rank, score, shown_metric
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.soup_notes import soup_ended, soup_rounds

RUNNERS_UP = 2


@dataclass(frozen=True)
class Picked:
    """What cross validation says; fixed before the test split is read.

    Attributes:
        readouts: Of the winner and of everything that is confirmed.
        readout_scores: Of the winner, by read-out.
    """

    winner: TrialRecord
    candidates: tuple[Candidate, ...]
    readouts: dict[str, str]
    readout_scores: dict[str, float]


def pick(about: SearchFile, journal: Journal) -> Picked | None:
    """The winner and what is confirmed beside it; ``None`` if no trial has a score.

    Where no trial finished all rounds (a short time budget), the one that got furthest stands in.
    """
    settings, latest = about.settings, about.by_schedule
    trials = [r for r in journal.records() if r.state in (State.COMPLETE, State.PRUNED)]
    baselines = [r for r in journal.records("baseline") if r.state == State.COMPLETE]
    labels, kind = about.heldout_labels(), about.task_kind
    best = winner(trials, labels, kind, settings.metric, about.rounds, latest)
    if best is None:
        furthest = [r for r in rank(trials, settings.metric, about.rounds, latest) if r.rounds]
        if not furthest:
            return None
        best = furthest[0]
    others = runners_up(trials, best, RUNNERS_UP, settings.metric, about.rounds, latest)
    first = first_recipe(trials)
    best_ce = best_of_loss(trials, labels, kind, kind.target.head_loss, settings.metric, about.rounds, latest)
    scored = {r.name: r for r in (best, first, *others, best_ce, *baselines) if r is not None and r.rounds}
    readouts = {name: choose_readout(r, labels, kind, settings.metric, latest) for name, r in scored.items()}
    temperatures = {name: choose_temperature(r, labels, kind, readouts[name], latest) for name, r in scored.items()}
    seeds = settings.confirm_seeds if about.has_test or settings.ensemble else 1
    # What the winner is held against has its encoder.
    baselines = [r for r in baselines if r.encoder == best.encoder]
    if not about.has_test or not settings.confirm_others:
        first, others, best_ce, baselines = None, [], None, []
    kept = seeds if settings.ensemble else int(settings.save_model)
    wanted = candidates(best, first, others, best_ce, baselines, kind, readouts, temperatures, seeds, kept)
    return Picked(best, tuple(wanted), readouts, readout_scores(best, labels, kind, latest))


def assemble(
    about: SearchFile,
    folder: Path,
    journal: Journal,
    test_labels: npt.NDArray[Any] | None,
    *,
    interrupted: bool,
    seconds: float,
) -> SearchReport:
    """Everything a search shows. Without ``test_labels`` confirm runs are left out."""
    settings, kind = about.settings, about.task_kind
    records: list[TrialRecord] = [*journal.records("baseline"), *journal.records()]
    picked = pick(about, journal)
    runs: Sequence[ConfirmRun] = journal.confirm_runs() if test_labels is not None else ()
    confirmed = {}
    ensemble = bought = None
    first = first_recipe(records)
    if picked is not None and test_labels is not None:
        known = [r for r in runs if r.candidate in {record.name for record in records}]
        confirmed = confirm_scores(known, test_labels, kind, picked.readouts)
        mine = [r for r in known if r.candidate == picked.winner.name and r.reason is None]
        if settings.ensemble and mine:
            ensemble = ensemble_scores(
                mine, test_labels, kind, picked.readouts.get(picked.winner.name, kind.target.readout)
            )
        if first is not None and first.name in picked.readouts and first.name != picked.winner.name:
            readouts = picked.readouts[picked.winner.name], picked.readouts[first.name]
            theirs = [r for r in known if r.candidate == first.name]
            bought = gain_over(mine, theirs, readouts, test_labels, shown_metric(kind, settings.metric))
    test_majority = None
    if test_labels is not None and kind.target.exclusive:
        test_majority = majority_share(about.targets(), test_labels)
    tracking_uri = without_password(tracking_uri_of(settings, Path(settings.results)))

    def existing(name: str) -> str | None:
        return str(folder / name) if (folder / name).exists() else None

    return SearchReport(
        settings=settings,
        kind=kind,
        shots=len(about.labels),
        per_class=about.per_class(),
        protocol=settings.protocol,
        records=records,
        rounds=about.rounds,
        latest=about.by_schedule,
        winner=picked.winner if picked else None,
        readouts=picked.readouts if picked else {},
        readout_scores=picked.readout_scores if picked else {},
        temperature=float(str(picked.candidates[0].params["temperature"])) if picked else 1.0,
        corrected=bias_corrected(
            records=[r for r in records if r.kind == "trial"],
            labels=about.heldout_labels(),
            kind=kind,
            metric=settings.metric,
            rounds_needed=about.rounds,
            latest=about.by_schedule,
        ),
        has_test=about.has_test,
        test_majority=test_majority,
        confirmed=confirmed,
        ensemble=ensemble,
        soup=_soup(about, journal, picked, test_labels) if picked else None,
        first_recipe=first.name if first is not None else None,
        bought=bought,
        lost_workers=journal.lost_workers(),
        confirm_failed=dict(Counter(r.reason for r in journal.confirm_runs() if r.reason is not None)),
        notes=about.notes,
        source=about.source,
        folder=str(folder),
        model=existing("model"),
        best=existing("best.yaml"),
        report=existing("report.html"),
        tracking_uri=tracking_uri,
        mlflow_page=search_page(folder, tracking_uri),
        interrupted=interrupted,
        seconds=seconds,
    )


def _soup(about: SearchFile, journal: Journal, picked: Picked, test_labels: npt.NDArray[Any] | None) -> Soup | None:
    """Of the winner's seeds; ``None`` if it is not known yet how it ends."""
    name, kind = picked.winner.name, about.task_kind
    ended, judged = soup_ended(journal, name), soup_rounds(journal, name)
    if ended is None:
        return None
    scores = None
    run = next((r for r in journal.confirm_runs() if r.candidate == soup_name(name)), None)
    if ended.left_out is None and run is not None and run.probabilities and test_labels is not None:
        scores = score(kind, run.probabilities[ended.readout], test_labels)
    metric = shown_metric(kind, about.settings.metric).name
    means = judged_scores(judged, about.heldout_labels(), kind, metric)
    return Soup(ended.seeds, ended.readout, ended.left_out, len(judged), means, scores)
