"""The rounds of one trial in several workers at once: one reports them, others help where their slots would be idle.

A round's numbers depend on its configuration and its fold only, so it does not matter who runs it. Who runs which is
settled in Ray's key-value store; nothing there outlives the search.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence

from tune_dml.config import Round
from tune_dml.config.encoding import round_from_json, round_to_json
from tune_dml.tuning.ray_insides import store_get, store_put, store_remove

#: Seconds between looks at a round that another worker runs.
_POLL_SECONDS = 0.05
#: After this many seconds, and so many times its own longest round, a worker no longer waits for another.
_PATIENCE_SECONDS, _PATIENCE_ROUNDS = 30.0, 4.0
RunRound = Callable[[int], Round]


class RoundBoard:
    """Where the workers of one trial see who runs which round, and what came out.

    Args:
        name: Of the trial; no other trial in this Ray cluster has it.
        worker: Who asks. One that starts again under the same name owns what it had taken.
    """

    def __init__(self, name: str, worker: str = "") -> None:
        self._name, self._worker = name, worker.encode()

    def take(self, number: int) -> bool:
        """Whether the round is this worker's to run: nobody else has taken it."""
        key = self._key("taken", number)
        if store_put(key, self._worker, overwrite=False):
            return store_get(key) == self._worker
        return True

    def give_back(self, number: int) -> None:
        """Leave a round that was taken to others."""
        store_remove(self._key("taken", number))

    def put(self, item: Round) -> None:
        """Show a round to the worker that reports it."""
        store_put(self._key("round", item.number), json.dumps(round_to_json(item)), overwrite=True)

    def get(self, number: int) -> Round | None:
        """A round that another worker has run."""
        text = store_get(self._key("round", number))
        return None if text is None else round_from_json(json.loads(text))

    @property
    def closed(self) -> bool:
        """Whether the trial has ended."""
        return store_get(self._key("closed", 0)) is not None

    def close(self) -> None:
        """The trial has ended: forget its rounds, and let its helpers know."""
        store_put(self._key("closed", 0), b"1", overwrite=True)
        for what in ("taken", "round"):
            store_remove(f"{self._name}/{what}/", prefix=True)

    def _key(self, what: str, number: int) -> str:
        return f"{self._name}/{what}/{number}"


def forget_boards(prefix: str) -> None:
    """Remove whatever is left of the trials whose names begin with ``prefix``."""
    store_remove(prefix, prefix=True)


def in_order(board: RoundBoard, run: RunRound, numbers: Sequence[int]) -> Iterator[Round]:
    """The rounds ``numbers``, rising, whoever runs them.

    While the next one is another worker's, this one runs a later one that nobody has. If it waits for much longer than
    its own rounds took, it runs the round itself: the other worker may be gone.
    """
    ready: dict[int, Round] = {}
    longest = 0.0

    def run_here(number: int) -> None:
        nonlocal longest
        begun = time.monotonic()
        ready[number] = run(number)
        longest = max(longest, time.monotonic() - begun)

    for number in numbers:
        waiting_since = time.monotonic()
        while number not in ready:
            if board.take(number):
                run_here(number)
            elif (item := board.get(number)) is not None:
                ready[number] = item
            elif (later := _first_free(board, [n for n in numbers if n > number and n not in ready])) is not None:
                run_here(later)
                waiting_since = time.monotonic()
            elif time.monotonic() - waiting_since > _PATIENCE_SECONDS + _PATIENCE_ROUNDS * longest:
                run_here(number)
            else:
                time.sleep(_POLL_SECONDS)
        yield ready.pop(number)


def help_with(board: RoundBoard, run: RunRound, numbers: Sequence[int]) -> None:
    """Run rounds that nobody has taken, until there are none or the trial has ended.

    A round that fails is given back: the worker that reports the trial meets the same failure and says so.
    """
    while not board.closed:
        number = _first_free(board, numbers)
        if number is None:
            return
        try:
            item = run(number)
        except Exception:
            board.give_back(number)
            return
        if not board.closed:
            board.put(item)
        numbers = [n for n in numbers if n != number]


def _first_free(board: RoundBoard, numbers: Sequence[int]) -> int | None:
    return next((number for number in numbers if board.take(number)), None)
