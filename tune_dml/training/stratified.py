"""Batches that hold every class at least twice where that is possible, so that metric losses find positives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def stratified_batches(
    labels: Rows, batch_size: int, generator: np.random.Generator, texts: Rows | None = None
) -> list[Rows]:
    """One epoch: every row exactly once, in ``ceil(n / batch_size)`` batches of at most ``batch_size`` rows.

    The rows of a class are shuffled and dealt out in twos (a last three instead of a lone one), each to the batch
    that has fewest of the class and, among those, fewest rows.

    Args:
        texts: The same number for rows of the same text; ``None``: all differ. Copies are dealt out last, one by one.
            No batch gets a text twice, for two of the same are no pair that a loss could learn from: if there are more
            copies than batches with room, an epoch lacks some.
    """
    count = max(1, -(-len(labels) // batch_size))
    held: list[list[int]] = [[] for _ in range(count)]
    classes = np.unique(labels)
    first = np.ones(len(labels), dtype=bool)
    if texts is not None:
        first[:] = False
        first[np.unique(texts, return_index=True)[1]] = True
    for label in generator.permutation(classes):
        rows = generator.permutation(np.flatnonzero((labels == label) & first))
        own = np.zeros(count, dtype=np.int64)
        for chunk in _in_twos(rows):
            sizes = np.array([len(batch) for batch in held])
            order = np.lexsort((generator.random(count), sizes, own))
            open_batches = [b for b in order if sizes[b] + len(chunk) <= batch_size]
            # Where no batch has room for them together, they go one by one to where the class is already.
            targets = open_batches[:1] * len(chunk) or _places(batch_size - sizes, own, len(chunk))
            for row, target in zip(chunk, targets, strict=True):
                held[target].append(int(row))
                own[target] += 1
    if texts is not None:
        for row in generator.permutation(np.flatnonzero(~first)):
            _deal_copy(int(row), labels, texts, held, batch_size, generator)
    batches = [generator.permutation(np.array(batch, dtype=np.int64)) for batch in held]
    return [batches[i] for i in generator.permutation(len(batches))]


def _deal_copy(
    row: int, labels: Rows, texts: Rows, held: list[list[int]], batch_size: int, generator: np.random.Generator
) -> None:
    """To the batch without its text that has fewest of its class and, among those, fewest rows."""
    free = [batch for batch in held if len(batch) < batch_size and texts[row] not in texts[batch]]
    if free:
        own = np.array([(labels[batch] == labels[row]).sum() for batch in free])
        order = np.lexsort((generator.random(len(free)), np.array([len(batch) for batch in free]), own))
        free[order[0]].append(row)


def _places(room: Rows, own: Rows, rows: int) -> list[int]:
    """A batch for each of so many rows of one class, those that hold most of the class first."""
    open_batches = [b for b in np.argsort(-own, kind="stable") for _ in range(int(room[b]))]
    return [int(b) for b in open_batches[:rows]]


def _in_twos(rows: Rows) -> list[Rows]:
    if len(rows) < 4:
        return [rows]
    ends = list(range(2, len(rows) - 1, 2))
    return [np.asarray(part) for part in np.split(rows, ends)]
