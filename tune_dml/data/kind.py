"""What the rest of the system knows of a kind of task."""

from __future__ import annotations

from dataclasses import dataclass

from tune_dml.data.text_forms import TextForm


@dataclass(frozen=True)
class Kind:
    """A kind of task.

    Attributes:
        name: In files, tables and messages.
        texts: What an example is.
    """

    name: str
    texts: TextForm
