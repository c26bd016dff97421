"""Optuna's journal in a file that one process writes: few waits for the disk, little memory for what has been read."""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import FrozenTrial, TrialState

from tune_dml.config.file_systems import sync


class LogFile(BaseJournalBackend):
    """Lines of JSON, as Optuna's own backend for files has them. It needs no lock: others only read.

    Optuna keeps all it has read; attributes that are dictionaries are packed here, see :func:`unpacked`.

    Args:
        check: Called before each write; raises where this process is no longer the one that writes.
    """

    def __init__(self, path: Path, check: Callable[[], None] = lambda: None) -> None:
        self._path, self._check = path, check
        self._read, self._offset = 0, 0
        self._syncs = True
        if not path.exists():
            path.touch()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """All from one on; not a last line that is still being written.

        Raises:
            ValueError: a line is not JSON.
        """
        if log_number_from < self._read:
            self._read, self._offset = 0, 0
        if self._path.stat().st_size == self._offset:
            return
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                log = json.loads(line)
                self._read, self._offset = self._read + 1, self._offset + len(line)
                if self._read > log_number_from:
                    yield _lean(log)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write them, and wait until the disk has them.

        Raises:
            OSError: it cannot; then the file is as before, without a part of them.
        """
        self._check()
        rest = memoryview("".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode())
        with self._path.open("ab", buffering=0) as stream:
            begin = stream.tell()
            try:
                while rest:
                    rest = rest[stream.write(rest) :]
                if self._syncs:
                    sync(stream.fileno())
            except OSError:
                os.truncate(stream.fileno(), begin)
                raise

    @contextmanager
    def together(self) -> Iterator[None]:
        """Wait for the disk at the end of this block only. A driver that is killed within it loses nothing."""
        self._syncs = False
        try:
            yield
        finally:
            self._syncs = True
            with self._path.open("ab") as stream:
                sync(stream.fileno())


def cut_torn_line(path: Path) -> None:
    """Remove what a killed process has written of a last line."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb+") as stream:
        size = stream.seek(0, os.SEEK_END)
        position, tail = size, b""
        while position > 0 and b"\n" not in tail:
            step = min(1 << 16, position)
            position -= step
            stream.seek(position)
            tail = stream.read(step) + tail
        if not tail.endswith(b"\n"):
            stream.truncate(position + tail.rfind(b"\n") + 1)


def _lean(log: dict[str, Any]) -> dict[str, Any]:
    if "user_attr" in log:
        log["user_attr"] = {sys.intern(key): _packed(value) for key, value in log["user_attr"].items()}
    elif "param_name" in log:
        log["param_name"] = sys.intern(log["param_name"])
    return log


def _packed(value: Any) -> Any:
    # A dictionary takes several times the memory of its text, and most are not looked at before the search ends.
    return zlib.compress(json.dumps(value).encode(), 1) if isinstance(value, dict) else value


def unpacked(value: Any) -> Any:
    """An attribute of a trial as it was set."""
    return json.loads(zlib.decompress(value)) if isinstance(value, bytes) else value


class Storage(JournalStorage):
    """Optuna looks for waiting trials before every new one, by going through all there are: here not where none waits.

    The only writer's; whoever adds a waiting trial says so with :meth:`may_wait`.
    """

    def __init__(self, log_file: LogFile) -> None:
        super().__init__(log_file)
        self._none_waiting = False
        self._distributions: dict[tuple[tuple[str, BaseDistribution], ...], dict[str, BaseDistribution]] = {}

    def may_wait(self) -> None:
        """A waiting trial has been added."""
        self._none_waiting = False

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Of a study, those in one of ``states``."""
        for_waiting = states == (TrialState.WAITING,)
        if for_waiting and self._none_waiting:
            return []
        found: list[FrozenTrial] = super().get_all_trials(study_id, deepcopy, states)
        # Baselines and confirm runs never wait.
        self._none_waiting = self._none_waiting or (for_waiting and not found)
        return found

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """As Optuna does. A trial that has ended changes no more: it shares its distributions with all like it."""
        changed: bool = super().set_trial_state_values(trial_id, state, values)
        if state.is_finished():
            trial = self.get_trial(trial_id)
            own = trial.distributions
            trial.distributions = self._distributions.setdefault(tuple(own.items()), own)
        return changed
