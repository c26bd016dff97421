"""``study.log``: the truth about a search's trials, baselines and confirm runs, and all that a resume reads of them.

One Optuna journal holds three studies: ``trials`` (what the sampler sees), ``baselines`` and ``confirm``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from tune_dml.config import ConfirmRun, Round, State, TrialRecord, Value
from tune_dml.config.encoding import confirm_from_json, confirm_to_json, round_from_json, round_to_json
from tune_dml.errors import ResultsError
from tune_dml.tuning.driver_lock import check_driver, only_driver
from tune_dml.tuning.lost import LOST, lost_by_cause, one_more
from tune_dml.tuning.sampler import ENCODER, BoundedHistory
from tune_dml.tuning.storage import LogFile, Storage, cut_torn_line, unpacked

FILE_NAME = "study.log"
TRIALS, BASELINES, CONFIRM = "trials", "baselines", "confirm"
KINDS = {"trial": TRIALS, "baseline": BASELINES}


class Journal:
    """The only writer of one search's journal (others may read it).

    Opening it cuts off a torn last line, left by a driver that was killed: what is written next would run into it.

    Args:
        folder: Of the search.
        sampler: Of new trials; not needed to read.
        write: ``False`` only reads: nothing is repaired, and another process may be writing.

    Raises:
        ResultsError: another process is running this search, or the journal cannot be read.
    """

    def __init__(self, folder: Path, sampler: optuna.samplers.BaseSampler | None = None, write: bool = True) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        logging.getLogger("optuna").setLevel(logging.ERROR)
        self.path = folder / FILE_NAME
        self._lock = lock = only_driver(folder) if write else None
        if write:
            cut_torn_line(self.path)
        elif not self.path.is_file():
            raise ResultsError(f"{folder} holds no search: it has no {FILE_NAME}.")
        try:
            self._file = LogFile(self.path, lambda: check_driver(folder, lock))
            self._storage = Storage(self._file)
            names = {s.study_name for s in self._storage.get_all_studies()}
            # Not create_study(load_if_exists=True), which writes to the journal before it looks.
            for name in (TRIALS, BASELINES, CONFIRM):
                if write and name not in names:
                    optuna.create_study(storage=self._storage, study_name=name, direction="maximize")
            self._studies = {
                name: optuna.load_study(
                    storage=self._storage,
                    study_name=name,
                    sampler=sampler if name == TRIALS else optuna.samplers.RandomSampler(),
                    pruner=optuna.pruners.NopPruner(),
                )
                for name in (TRIALS, BASELINES, CONFIRM)
                if write or name in names
            }
            self._study_ids = {name: self._storage.get_study_id_from_name(name) for name in self._studies}
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError, OSError) as error:
            self.close()
            raise ResultsError(f"{self.path} cannot be read ({error}); it is damaged or not a journal.") from error

    def close(self) -> None:
        """Let another process drive this search."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the file system that the search is on."""
        return self._lock.notes if self._lock is not None else ()

    # What there is

    def records(self, kind: str = "trial") -> list[TrialRecord]:
        """All trials, or all baselines, in order of their numbers."""
        return [self._record(kind, frozen) for frozen in self._frozen(KINDS[kind])]

    def record(self, kind: str, number: int) -> TrialRecord:
        """One of them."""
        return self._record(kind, self._one(kind, number))

    def confirm_runs(self) -> list[ConfirmRun]:
        """Every confirm run that has ended, in the order they ended."""
        runs: dict[tuple[str, int], ConfirmRun] = {}
        for frozen in self._frozen(CONFIRM):
            run = confirm_from_json(frozen.user_attrs["run"])
            runs.setdefault((run.candidate, run.seed), run)
        return list(runs.values())

    def notes_on_confirm(self) -> dict[str, Any]:
        """What :meth:`note_on_confirm` was told, by key."""
        attributes = self._studies[CONFIRM].user_attrs if CONFIRM in self._studies else {}
        return {key: unpacked(value) for key, value in attributes.items()}

    def lost_workers(self) -> Counter[str]:
        """How often a worker was lost, with a trial or with a job, by cause."""
        lost = Counter(lost_by_cause(self.notes_on_confirm()))
        for study in (TRIALS, BASELINES):
            for frozen in self._frozen(study):
                lost.update(lost_by_cause(frozen.user_attrs))
        return lost

    def _frozen(self, study: str) -> list[FrozenTrial]:
        return self._studies[study].get_trials(deepcopy=False) if study in self._studies else []

    def _id(self, study: str, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_ids[study], number)

    def _one(self, kind: str, number: int) -> FrozenTrial:
        # Not out of a list of all: that would take longer with every trial.
        return self._storage.get_trial(self._id(KINDS[kind], number))

    def _record(self, kind: str, frozen: FrozenTrial) -> TrialRecord:
        attributes = {key: unpacked(value) for key, value in frozen.user_attrs.items()}
        params: Mapping[str, Value] = attributes.get("config", {})
        name = attributes.get("name") or f"{params.get('loss', 'trial')} #{frozen.number}"
        rounds = sorted((round_from_json(v) for k, v in attributes.items() if k.startswith("round:")), key=_number)
        return TrialRecord(
            number=frozen.number,
            kind=kind,
            name=name,
            state=State(frozen.state.name),
            params=params,
            rounds=tuple(rounds),
            reason=attributes.get("reason"),
            message=attributes.get("message"),
            # Optuna's mark of what was enqueued.
            given="fixed_params" in frozen.system_attrs,
        )

    # What happens

    def together(self) -> AbstractContextManager[None]:
        """Within the block, several changes wait for the disk once, at its end."""
        return self._file.together()

    def enqueue(self, params: Mapping[str, Value], encoder: str = "") -> None:
        """Have these parameters tried before the sampler is asked; what they leave open is sampled."""
        self._storage.may_wait()
        own = {ENCODER: encoder} if encoder else None
        self._studies[TRIALS].enqueue_trial(dict(params), own, skip_if_exists=not encoder)

    def ask(self, encoder: str = "") -> optuna.Trial:
        """A new trial, RUNNING: an enqueued one first, else one from the sampler, of that encoder."""
        self._sample_for(encoder)
        trial = self._studies[TRIALS].ask()
        if encoder and ENCODER not in trial.user_attrs:
            self._set("trial", trial.number, ENCODER, encoder)
        return trial

    def encoder(self, number: int) -> str:
        """What the search calls a trial's encoder; empty where it has no other, or the trial was not begun in full."""
        attributes = self._one("trial", number).user_attrs
        return str(attributes.get(ENCODER) or "")

    def _sample_for(self, encoder: str) -> None:
        sampler = self._studies[TRIALS].sampler
        if isinstance(sampler, BoundedHistory):
            sampler.encoder = encoder

    def trial(self, number: int) -> optuna.Trial:
        """A RUNNING trial again, to go on suggesting its parameters."""
        self._sample_for(self.encoder(number))
        return optuna.Trial(self._studies[TRIALS], self._id(TRIALS, number))

    def add_baseline(self, name: str, config: Mapping[str, Value]) -> int:
        """A new baseline, RUNNING; its number. One write: a kill leaves it whole or not at all."""
        study = self._studies[BASELINES]
        attributes = {"name": name, "config": dict(config)}
        study.add_trial(optuna.trial.create_trial(state=TrialState.RUNNING, user_attrs=attributes))
        return int(study.get_trials(deepcopy=False)[-1].number)

    def set_config(self, number: int, config: Mapping[str, Value]) -> None:
        """The resolved configuration of a trial."""
        self._set("trial", number, "config", dict(config))

    def add_round(self, kind: str, number: int, item: Round, value: float) -> bool:
        """Store a round and the score after it; ``False``, and nothing stored, where that is done already."""
        frozen = self._one(kind, number)
        known = f"round:{item.number}" in frozen.user_attrs
        with self.together():
            if not known:
                self._set(kind, number, f"round:{item.number}", round_to_json(item))
            if item.number not in frozen.intermediate_values:
                self._storage.set_trial_intermediate_value(self._id(KINDS[kind], number), item.number, value)
        return not known

    def finish(
        self,
        kind: str,
        number: int,
        state: State,
        value: float | None = None,
        reason: str | None = None,
        message: str | None = None,
    ) -> None:
        """End a RUNNING trial; one that has ended already stays as it is."""
        frozen = self._one(kind, number)
        if frozen.state.is_finished():
            return
        values = [value] if state == State.COMPLETE and value is not None else None
        if state == State.PRUNED and frozen.intermediate_values:
            values = [frozen.intermediate_values[max(frozen.intermediate_values)]]
        with self.together():
            if reason is not None:
                self._set(kind, number, "reason", reason)
            if message:
                self._set(kind, number, "message", message)
            self._storage.set_trial_state_values(self._id(KINDS[kind], number), TrialState[state.value], values)

    def add_lost(self, cause: str, kind: str | None = None, number: int = 0) -> None:
        """Count a worker that was lost with a trial, or (without a ``kind``) with a job."""
        if kind is not None:
            self._set(kind, number, LOST, one_more(self._one(kind, number).user_attrs, cause))
            return
        study = self._studies[CONFIRM]
        study.set_user_attr(LOST, one_more(study.user_attrs, cause))

    def add_confirm(self, run: ConfirmRun) -> None:
        """Store a confirm run, in one write."""
        attributes = {"run": confirm_to_json(run)}
        frozen = optuna.trial.create_trial(state=TrialState.COMPLETE, value=0.0, user_attrs=attributes)
        self._studies[CONFIRM].add_trial(frozen)

    def note_on_confirm(self, key: str, value: Any) -> None:
        """Store what is known beside the runs, as JSON values."""
        self._studies[CONFIRM].set_user_attr(key, value)

    def _set(self, kind: str, number: int, key: str, value: Any) -> None:
        self._storage.set_trial_user_attr(self._id(KINDS[kind], number), key, value)


def _number(item: Round) -> int:
    return item.number
