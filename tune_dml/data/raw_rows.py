"""Rows as they stand in their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RawRows:
    """One split as read: texts stripped, labels as written (``None`` where there is none), nothing dropped.

    Attributes:
        named: What the file itself calls the class of each row, where it has numbers for labels and names beside them.
    """

    where: str
    texts: list[str]
    texts_b: list[str] | None
    labels: list[str | None]
    groups: list[str] | None
    named: list[str | None] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> RawRows:
        return RawRows(
            self.where,
            [self.texts[i] for i in rows],
            None if self.texts_b is None else [self.texts_b[i] for i in rows],
            [self.labels[i] for i in rows],
            None if self.groups is None else [self.groups[i] for i in rows],
            None if self.named is None else [self.named[i] for i in rows],
        )
