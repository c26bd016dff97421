"""How much MLflow takes: of one text, and in one request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

LONGEST_PARAM = 6_000
LONGEST_TAG = 8_000
PARAMS_PER_BATCH = 100
METRICS_PER_BATCH = 800


def batches(
    params: Sequence[A], metrics: Sequence[B], tags: Sequence[C]
) -> Iterator[tuple[Sequence[A], Sequence[B], Sequence[C]]]:
    """What goes into one request each. Tags are few and come with the last: they say that the rest is there."""
    counts = (-(-len(params) // PARAMS_PER_BATCH), -(-len(metrics) // METRICS_PER_BATCH), 1 if tags else 0)
    for n in range(max(counts)):
        yield (
            params[n * PARAMS_PER_BATCH : (n + 1) * PARAMS_PER_BATCH],
            metrics[n * METRICS_PER_BATCH : (n + 1) * METRICS_PER_BATCH],
            tags if n == max(counts) - 1 else [],
        )


def shortened(markdown: str, limit: int = LONGEST_TAG) -> str:
    """At most ``limit`` characters, cut between lines."""
    if len(markdown) <= limit:
        return markdown
    ending = "\n\n(Shortened; the whole is among the artifacts.)"
    kept = markdown[: limit - len(ending)]
    return (kept.rpartition("\n")[0] or kept) + ending
