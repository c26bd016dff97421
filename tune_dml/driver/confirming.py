"""Confirm, as jobs for the workers that have run the trials."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

from tune_dml.config import ConfirmRun, State
from tune_dml.config.encoding import confirm_from_json, soup_round_from_json
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.soup_making import SoupMaking, soup_is_wanted
from tune_dml.driver.winner_model import models_missing, save_winner
from tune_dml.evaluation import choose_readout, choose_temperature
from tune_dml.evaluation.confirm_runs import Candidate, TrainedModel, candidate, job_of
from tune_dml.evaluation.soups import is_round_job, is_soup_job, soup_name
from tune_dml.execution import fetch
from tune_dml.reporting.output import Output
from tune_dml.results.assembly import Picked, pick
from tune_dml.results.best_file import write_best
from tune_dml.tuning.jobs import FollowUp, Job
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.soup_notes import soup_ended


class Confirming:
    """Baselines in slots that would be idle while the last trials run (nothing decides on them any more); the winner
    and the others once all trials have ended.

    Args:
        confirm: Whether to confirm at all; if not, the winner is still written to ``best.yaml``.
    """

    def __init__(self, prepared: Prepared, journal: Journal, out: Output, *, confirm: bool) -> None:
        self._prepared, self._journal, self._out, self._confirm = prepared, journal, out, confirm
        self._waiting: deque[Job] = deque()
        self._given = self._known()
        # Baselines that have been looked at: an idle slot asks several times a second.
        self._looked_at: set[str] = set()
        self._winner: Candidate | None = None
        self._picked: Picked | None = None
        self._soup: SoupMaking | None = None
        self._fixed = False
        self._running = self._ended = self._total = 0

    def follow_up(self) -> FollowUp:
        """For the trial loop."""
        return FollowUp(self._next, self._done, self._lost, self._more)

    def workers_stopped(self) -> None:
        """What they were running has to be run again."""
        self._given, self._running = self._known(), 0
        self._looked_at.clear()

    def _known(self) -> set[tuple[str, int]]:
        return {(run.candidate, run.seed) for run in self._journal.confirm_runs()}

    @property
    def progress(self) -> str:
        """In words, once the winner is fixed; empty before."""
        return f"confirm: {self._ended} of {self._total} runs done" if self._fixed else ""

    @property
    def has_ended(self) -> bool:
        """Whether the winner is fixed and no run is missing."""
        return self._fixed and not self._waiting and not self._running

    def fix(self) -> None:
        """Fix the winner, once, from the journal as it is: all that follows looks at no other number."""
        if self._fixed:
            return
        self._fixed = True
        self._given -= {(job["name"], job["seed"]) for job in self._waiting}
        self._waiting.clear()
        prepared = self._prepared
        picked = self._picked = pick(prepared.about, self._journal)
        if picked is None:
            return
        winner = picked.candidates[0]
        self._write_best()
        if not self._confirm:
            return
        self._winner = winner
        # A model can be missing although its run is known: it was only a runner-up then, or the folder is gone.
        self._given -= {(winner.name, seed) for seed in models_missing(prepared.folder, winner)}
        if soup_is_wanted(prepared.about.settings, winner):
            runs = sum(len(wanted.seeds) for wanted in picked.candidates)
            records = [*self._journal.records(), *self._journal.records("baseline")]
            spent = runs + sum(len(record.rounds) for record in records)
            self._soup = SoupMaking(prepared, self._journal, winner, spent)
            missing = self._soup.seeds_missing()
            self._given -= {(winner.name, seed) for seed in missing}
            winner = replace(winner, keep=tuple(sorted({*winner.keep, *missing})))
        for wanted in (winner, *picked.candidates[1:]):
            self._add(wanted)
        if self._soup is not None:
            self._waiting.extend(self._soup.round_jobs())
            self._add_soup()
        self._total = self._running + len(self._waiting)
        if self._total:
            names = ", ".join(c.name for c in picked.candidates)
            self._out.line(f"confirm: {names} on the whole draw, {self._total} runs")

    def _write_best(self) -> None:
        assert self._picked is not None
        winner, params = self._picked.winner, self._picked.candidates[0].params
        soup = soup_ended(self._journal, winner.name)
        seeds = None if soup is None or soup.left_out else soup.seeds
        write_best(self._prepared.folder, self._prepared.about, winner, params, seeds)

    def _add(self, wanted: Candidate) -> None:
        for seed in wanted.seeds:
            if (wanted.name, seed) not in self._given:
                self._given.add((wanted.name, seed))
                self._waiting.append(job_of(wanted, seed))

    def _add_soup(self) -> None:
        """Once all that it is made of is there."""
        if self._soup is not None and (job := self._soup.next_job()) is not None:
            self._waiting.append(job)
            self._total += 1

    def _more(self) -> bool:
        return self._soup is not None and self._running > 0 and not self._soup.over

    def _next(self, trials_over: bool) -> Job | None:
        if trials_over:
            self.fix()
        elif not self._waiting and self._confirm and self._prepared.about.settings.confirm_others:
            self._add_baselines()
        if not self._waiting:
            return None
        self._running += 1
        return self._waiting.popleft()

    def _add_baselines(self) -> None:
        about = self._prepared.about
        # Of several encoders, those of the winner's are confirmed.
        if not about.has_test or len(self._prepared.encoders) > 1:
            return
        seeds = tuple(range(about.settings.confirm_seeds))
        for record in self._journal.records("baseline"):
            if record.state == State.COMPLETE and record.rounds and record.name not in self._looked_at:
                self._looked_at.add(record.name)
                labels, latest, kind = about.heldout_labels(), about.by_schedule, about.task_kind
                readout = choose_readout(record, labels, kind, about.settings.metric, latest)
                temperature = choose_temperature(record, labels, kind, readout, latest)
                self._add(candidate(record, kind, {record.name: readout}, {record.name: temperature}, seeds))

    def _done(self, job: Job, values: dict[str, Any], attachment: Any) -> None:
        if is_round_job(job):
            item = soup_round_from_json(values)
            # It may have been given up meanwhile.
            if self._soup is not None:
                self._soup.take_round(item)
            self._tell(f"{soup_name(item.candidate)}, round {item.number}: done in {item.seconds:.0f} s")
        else:
            self._run_done(job, confirm_from_json(values), attachment)
        self._add_soup()

    def _run_done(self, job: Job, run: ConfirmRun, attachment: Any) -> None:
        if is_soup_job(job):
            assert self._soup is not None
            self._soup.make(fetch(attachment))
            self._journal.add_confirm(run)
            self._write_best()
            self._tell(f"{run.candidate}: done in {run.seconds:.0f} s")
            return
        if attachment is not None:
            model: TrainedModel = fetch(attachment)
            assert self._winner is not None
            if run.seed in self._winner.keep:
                save_winner(self._prepared, self._winner, run.seed, model)
            if self._soup is not None:
                self._soup.take_seed(run.seed, model)
        elif run.reason is not None and self._is_of_soup(run):
            self._give_up_soup(run.reason)
        self._journal.add_confirm(run)
        self._tell_run(run)

    def _lost(self, job: Job, reason: str, message: str) -> None:
        if is_round_job(job) or is_soup_job(job):
            self._give_up_soup(reason)
            self._tell(f"{soup_name(job['name'])}: {reason} ({message})")
            return
        run = ConfirmRun(str(job["name"]), int(job["seed"]), {}, 0.0, reason)
        if self._is_of_soup(run):
            self._give_up_soup(reason)
        # A fault of the machine is no finding about the configuration: a resume tries again.
        if reason != "worker":
            self._journal.add_confirm(run)
        self._tell_run(run, message)

    def _is_of_soup(self, run: ConfirmRun) -> bool:
        return self._soup is not None and run.candidate == self._soup.winner.name and run.seed in self._soup.seeds

    def _give_up_soup(self, reason: str) -> None:
        """Without the soup, this time; for good unless it was a fault of the machine."""
        if self._soup is not None and reason != "worker":
            self._soup.leave_out(reason)
        self._soup = None
        kept = [job for job in self._waiting if not is_round_job(job)]
        self._total -= len(self._waiting) - len(kept)
        self._waiting = deque(kept)

    def _tell_run(self, run: ConfirmRun, message: str = "") -> None:
        words = f"{run.candidate}, seed {run.seed}: " + (run.reason or f"done in {run.seconds:.0f} s")
        self._tell(words + (f" ({message})" if message else ""))

    def _tell(self, words: str) -> None:
        self._running -= 1
        if not self._fixed:
            self._out.detail(f"  confirm: {words}")
            return
        self._ended += 1
        self._out.line(f"[{self._ended}/{self._total}] {words}")
