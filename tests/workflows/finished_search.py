"""What the fixture ``finished`` gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FinishedSearch:
    """A search that ran to its end."""

    results: Path
    folder: Path
    document: dict[str, Any]
    err: str
