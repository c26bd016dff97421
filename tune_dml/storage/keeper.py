"""Keeps a copy of a search's folder in a store while the search runs, in a thread of its own."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from tune_dml.storage.ancestry import whole_lines
from tune_dml.storage.kept_names import JOURNAL_FILE, SEARCH_FILE, is_kept
from tune_dml.storage.reasons import reason_of
from tune_dml.storage.store import Store

#: Seconds without a byte sent after which the end of a search waits no longer.
PATIENCE = 60.0
#: Seconds after which a temporary in the store is a leftover.
ABANDONED = 3600.0
_Stamp = tuple[int, int, int]


class Keeper:
    """Copies files that have changed, every now and then and once more at the end.

    A store that fails is tried again the next time; only :meth:`start` raises because of it.

    Args:
        name: Of the search: the folder in the store.
        folder: Of the search, here.
        every: Seconds between two copies.
        last: Names of files that say that the other files of their folder are whole: each is removed before one of
            those is replaced, and written after all of them.
        on_warning: Called at the first failure, from the thread.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        folder: Path,
        *,
        every: float,
        last: tuple[str, ...] = (),
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        self._store, self._name, self._folder, self._every, self._last = store, name, folder, every, last
        self._on_warning = on_warning
        self._copied: dict[str, _Stamp] = {}
        # Sizes that the journal may have in the store: of one whose writing failed nobody knows whether it arrived.
        self._journal_sizes: set[int] = set()
        self._closing = threading.Event()
        self._moved_at = 0.0
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._loop, name="tune-dml-store", daemon=True)

    def start(self) -> None:
        """Copy ``search.yaml``, which shows that the store can be written, and go on in the background.

        Raises:
            OSError: it cannot.
        """
        self._journal_sizes = {entry.size for entry in self._store.entries(self._name) if entry.name == JOURNAL_FILE}
        with ThreadPoolExecutor(1) as pool:
            # Not in this thread: Ctrl-C in the middle of it would close an object that is not whole.
            pool.submit(self._copy, SEARCH_FILE, _stamp(os.stat(self._folder / SEARCH_FILE))).result()
        self._thread.start()

    def close(self, patience: float = PATIENCE, may_wait: Callable[[float], float] = lambda usual: usual) -> str | None:
        """Copy what has changed, and stop.

        Args:
            patience: Seconds without any progress that this waits for the store.
            may_wait: How many of those seconds are left, where the process has to end.

        Returns:
            Why the store lacks something; ``None`` if it has everything.
        """
        self._closing.set()
        self._moved()
        while self._thread.is_alive() and may_wait(self._moved_at + patience - time.monotonic()) > 0:
            self._thread.join(0.1)
        return "no answer in time" if self._thread.is_alive() else self._failure

    def _loop(self) -> None:
        warned = False
        while True:
            is_last = self._closing.wait(self._every)
            try:
                self._copy_changed()
                self._failure = None
            except Exception as error:
                self._failure = reason_of(error)
                if not warned and not is_last and self._on_warning is not None:
                    warned = True
                    with contextlib.suppress(Exception):
                        self._on_warning(
                            f"the store {self._store.address.text} cannot be written ({self._failure}). The search "
                            "goes on; the copy is tried again."
                        )
            if is_last:
                return

    def _copy_changed(self) -> None:
        # The journal is read after this: what else is copied is never newer than it.
        here = self._here()
        there = self._there()
        for name in sorted(there - here.keys(), key=self._is_last, reverse=True):
            self._delete(name)
        changed = {name for name in here if name not in there or here[name] != self._copied.get(name)}
        markers = {str(PurePosixPath(name).with_name(last)) for name in changed for last in self._last} & here.keys()
        for marker in markers & there:
            self._delete(marker)
        for name in sorted(changed | markers, key=lambda n: (n != SEARCH_FILE, n != JOURNAL_FILE, self._is_last(n), n)):
            # A folder that has been replaced since is copied the next time.
            if not self._is_last(name) or _beside(name, here) == _beside(name, self._here()):
                self._copy(name, here[name])

    def _here(self) -> dict[str, _Stamp]:
        found = {}
        for folder, _, names in os.walk(self._folder):
            for path in (Path(folder, name) for name in names):
                name = path.relative_to(self._folder).as_posix()
                # One that has gone since was a temporary, or part of a model that is being replaced.
                with contextlib.suppress(FileNotFoundError):
                    if is_kept(name) and path.is_file():
                        found[name] = _stamp(path.stat())
        if SEARCH_FILE not in found:
            raise OSError(f"{self._folder} is gone")
        return found

    def _there(self) -> set[str]:
        """What the store has of this search.

        Raises:
            OSError: another process has written to its journal.
        """
        entries = self._store.entries(self._name)
        sizes = {entry.name: entry.size for entry in entries}
        if JOURNAL_FILE in sizes and sizes[JOURNAL_FILE] not in self._journal_sizes:
            raise OSError(f"another process goes on with '{self._name}' and keeps its own copy there")
        # What is no result is a temporary: what a kill has left, or one that another process writes at this moment.
        old = time.time() - ABANDONED
        return {entry.name for entry in entries if is_kept(entry.name) or (entry.modified or 0.0) < old}

    def _copy(self, name: str, stamp: _Stamp) -> None:
        try:
            source = (self._folder / name).open("rb")
        except FileNotFoundError:
            return
        with source:
            key = f"{self._name}/{name}"
            if name == JOURNAL_FILE:
                text = whole_lines(source.read(os.fstat(source.fileno()).st_size))
                self._journal_sizes.add(len(text))
                self._store.write(key, io.BytesIO(text), len(text), self._moved)
                self._journal_sizes = {len(text)}
            elif _stamp(os.fstat(source.fileno())) == stamp:
                self._store.write(key, source, stamp[1], self._moved)
            else:
                return
            self._copied[name] = stamp

    def _delete(self, name: str) -> None:
        # Whatever happens here, the truth about the trials stays there.
        if name in (SEARCH_FILE, JOURNAL_FILE):
            return
        self._copied.pop(name, None)
        self._store.delete(f"{self._name}/{name}")

    def _is_last(self, name: str) -> bool:
        return PurePosixPath(name).name in self._last

    def _moved(self) -> None:
        self._moved_at = time.monotonic()


def _stamp(about: os.stat_result) -> _Stamp:
    return about.st_mtime_ns, about.st_size, about.st_ino


def _beside(name: str, files: dict[str, _Stamp]) -> dict[str, _Stamp]:
    """Those in the same folder."""
    parent = PurePosixPath(name).parent
    return {other: stamp for other, stamp in files.items() if PurePosixPath(other).parent == parent}
