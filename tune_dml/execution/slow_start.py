"""Nobody waits for long without a word."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Until the first word, and from each to the next, which come ever more rarely.
FIRST_SECONDS = 45.0
_GROWTH = 3.0


class Patience:
    """Says when something has taken long, and again when it has taken three times as long.

    Args:
        say: Told in a sentence.
    """

    def __init__(self, say: Callable[[str], None], first: float = FIRST_SECONDS) -> None:
        self._say, self._begun, self._next = say, time.monotonic(), first

    @property
    def left(self) -> float:
        """Seconds until the next word."""
        return max(0.0, self._begun + self._next - time.monotonic())

    def look(self, what: str, where: str = "") -> None:
        """Say that ``what`` is the case, for how long, and ``where`` one may look, if it is time to."""
        if not self.left:
            self._say(f"{what} for {time.monotonic() - self._begun:.0f} s{where}.")
            self._next *= _GROWTH


@contextmanager
def told_when_slow(what: str, where: str = "", say: Callable[[str], None] | None = None) -> Iterator[None]:
    """While the block runs, :class:`Patience` in a thread of its own."""
    patience, over = Patience(say or _on_stderr), threading.Event()

    def watch() -> None:
        while not over.wait(patience.left):
            patience.look(what, where)

    thread = threading.Thread(target=watch, name="tune-dml-patience", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _on_stderr(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr, flush=True)
