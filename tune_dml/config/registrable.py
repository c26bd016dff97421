"""Specs that other packages bring."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Registrable(Protocol):
    """A spec that makes itself known in its own box's registry."""

    def register(self) -> list[str]:
        """Make it known in this process, unless it is; sentences on what is wrong with it instead."""
        ...
