"""The background writer: takes snapshots from the driver and brings MLflow up to date in its own thread."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tune_dml.config import SearchSettings, TrialRecord, Value, command
from tune_dml.tracking.faults import is_refusal, lasting, lasting_message, outage_message, reason_of, refusal_message
from tune_dml.tracking.mlflow_store import http_limits
from tune_dml.tracking.parts import BestPart, FinishPart, ModelPart, Part, SearchPart, TrialPart, part_from
from tune_dml.tracking.pending import Note, PendingFile
from tune_dml.tracking.runs import SearchRuns
from tune_dml.tracking.told import Finish, ModelRegistration, TrainingData

LONGEST_WAIT = 15  # times the first
REFUSALS = 3


class Tracker:
    """MLflow's picture of one search. Only :meth:`close` waits for MLflow, and no method raises because of it.

    A snapshot replaces an older one of the same trial that still waits. While MLflow is away the thread tries again at
    growing intervals, and ``searches/<name>/mlflow-pending.json`` says what is owed.

    Args:
        settings: Of the search; ``tracking_uri`` should have passed ``check_tracking_uri``.
        results: The results folder.
        on_warning: Called from the writer's thread, once per outage, with a sentence for the user.
        retry_seconds: The first wait after a failure; it doubles, up to 15 times this.
        patience: Seconds that the first write waits at most for a trial's first round: importing MLflow and making its
            store take as much time as a worker does to start, and would be taken from the workers.
        data: What the runs are trained on.
    """

    def __init__(
        self,
        settings: SearchSettings,
        results: Path,
        on_warning: Callable[[str], None] | None = None,
        retry_seconds: float = 1.0,
        patience: float = 0.0,
        data: TrainingData | None = None,
    ) -> None:
        self._runs = SearchRuns(settings, results, data, on_moved=self._warn)
        self._sync_command = command("sync", results, settings.name)
        self._on_warning = on_warning
        self._retry_seconds, self._patience = retry_seconds, patience
        self._pending = PendingFile(self._runs.folder)
        #: What an earlier process left unwritten and this one has not been told of again.
        self._inherited: dict[str, Note] = {note["part"]: note for note in self._pending.read()}
        self._refused: dict[str, Note] = {}
        self._noted = bool(self._inherited)
        self._parts: dict[str, Part] = {}
        self._wake = threading.Condition()
        self._files = threading.Lock()
        self._closing = False
        #: When MLflow last took a part.
        self._moved_at = 0.0
        self._thread: threading.Thread | None = None

    @property
    def tracking_uri(self) -> str:
        return self._runs.uri

    def search_started(self, about: Mapping[str, str]) -> None:
        """The search runs (again). ``about`` becomes the parent run's parameters."""
        with self._wake:
            self._inherited.pop("finish", None)
        self._submit(SearchPart(dict(about)))

    def trial_changed(self, record: TrialRecord) -> None:
        """A snapshot of a trial or baseline. Those in state WAITING have no run yet."""
        self._submit(TrialPart(record))

    def best_score(self, step: int, value: float) -> None:
        """A point of the parent's curve: the best score once ``step`` trials were finished. Known steps stay."""
        with self._wake:
            waiting = self._parts.get("best")
            if waiting is None and "best" in self._inherited:
                waiting = part_from(self._inherited["best"], self._runs.folder)
            points = waiting.points if isinstance(waiting, BestPart) else {}
            self._submit(BestPart({**points, step: value}))

    def search_finished(
        self,
        status: str,
        metrics: Mapping[str, float],
        description_markdown: str = "",
        artifacts: Sequence[Path] = (),
        winner: str | None = None,
        config: Mapping[str, Value] | None = None,
        of_trials: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        """The search ended: see :class:`Finish`. May be told again (after a resume or a confirm); the last one counts.

        Raises:
            ValueError: unknown ``status``, a mistake of the caller.
        """
        paths = tuple(str(Path(path).absolute()) for path in artifacts)
        config = dict(config) if config is not None else None
        trials = {key: dict(figures) for key, figures in (of_trials or {}).items()}
        self._submit(FinishPart(Finish(status, dict(metrics), description_markdown, paths, winner, config, trials)))

    def register_model(self, model_folder: Path, about: ModelRegistration) -> None:
        """Register the winner's model; the folder must stay as it is until :meth:`close`."""
        self._submit(ModelPart(Path(model_folder).absolute(), about))

    def close(self, timeout: float = 30, may_wait: Callable[[float], float] = lambda usual: usual) -> bool:
        """Write what waits. Note on disk what MLflow does not take.

        Args:
            may_wait: Asked again and again how many seconds of those that are left this may wait: fewer, or none, where
                the process has to end.

        Returns:
            Whether MLflow has everything.
        """
        with self._wake:
            self._closing = True
            self._moved_at = time.monotonic()
            self._wake.notify_all()
            thread = self._thread
        while thread is not None and thread.is_alive():
            if (left := may_wait(self._moved_at + timeout - time.monotonic())) <= 0:
                break
            thread.join(min(left, 0.2))
        if self._owed():
            self._note("the search ended before MLflow had everything")
        return not self._owed()

    def _submit(self, part: Part) -> None:
        with self._wake:
            self._parts[part.key] = part
            self._refused.pop(part.key, None)
            if self._thread is None or (self._closing and not self._thread.is_alive()):
                self._closing = False
                self._thread = threading.Thread(target=self._loop, name="tune-dml-mlflow", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def _loop(self) -> None:
        wait, warned, refusals, told = self._retry_seconds, False, 0, False
        mended = True
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._trials_run(), timeout=self._patience)
        while (part := self._next()) is not None:
            try:
                with http_limits():
                    part.apply(self._runs)
            except Exception as error:
                self._runs.forget()
                fault = lasting(self._runs.uri, error, self._runs.results)
                refusals = refusals + 1 if fault is None and is_refusal(error) else 0
                if refusals >= REFUSALS:
                    self._set_aside(part)
                    if not told:
                        self._warn(refusal_message(self._runs.uri, error, part.key))
                    refusals, told = 0, True
                    continue
                self._note(reason_of(error))
                if fault is not None and mended:
                    self._warn(lasting_message(fault, self._sync_command))
                    warned, mended = True, False
                elif not warned and not refusals:
                    self._warn(outage_message(self._runs.uri, error, self._sync_command))
                    warned = True
                if not self._pause(0.0 if refusals else wait):
                    return
                wait = wait if refusals else min(wait * 2, LONGEST_WAIT * self._retry_seconds)
            else:
                wait, warned, refusals, mended = self._retry_seconds, False, 0, True
                self._done(part)

    def _trials_run(self) -> bool:
        return any(isinstance(part, TrialPart) and part.record.rounds for part in self._parts.values())

    def _next(self) -> Part | None:
        """The part that has waited longest; ``None`` when all is written and the tracker is closing."""
        with self._wake:
            self._wake.wait_for(lambda: self._parts or self._closing)
            return next(iter(self._parts.values()), None)

    def _pause(self, seconds: float) -> bool:
        """Wait after a failure. False if the tracker was closing already when it failed: then nobody waits any more."""
        with self._wake:
            if self._closing and seconds:
                return False
            self._wake.wait_for(lambda: self._closing, timeout=seconds)
            return True

    def _done(self, part: Part) -> None:
        with self._wake:
            self._moved_at = time.monotonic()
            if self._parts.get(part.key) is part:
                del self._parts[part.key]
            self._inherited.pop(part.key, None)
            noted = self._noted
        if noted:
            self._note("MLflow was away")

    def _set_aside(self, part: Part) -> None:
        with self._wake:
            if self._parts.get(part.key) is part:
                del self._parts[part.key]
            self._refused[part.key] = part.note()
        self._note("MLflow refused them")

    def _owed(self) -> list[Note]:
        with self._wake:
            waiting = {key: part.note() for key, part in self._parts.items()}
            return list({**self._inherited, **self._refused, **waiting}.values())

    def _note(self, reason: str) -> None:
        """Bring the file up to date. A disk that cannot take it must not stop the search either."""
        with self._files, contextlib.suppress(OSError):
            owed = self._owed()
            self._pending.write(owed, reason)
            self._noted = bool(owed)

    def _warn(self, sentence: str) -> None:
        if self._on_warning is not None:
            with contextlib.suppress(Exception):
                self._on_warning(sentence)
