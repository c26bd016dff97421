"""What MLflow still lacks, and which search its runs belong to: two small files in the search's folder."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: One part that is owed: ``{"part": "trial-7"}``; parts that the journal cannot give back carry their content.
Note = dict[str, Any]


class PendingFile:
    """``mlflow-pending.json``: there only while something is owed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mlflow-pending.json"

    def read(self) -> list[Note]:
        """The notes in order; none if the file is missing or damaged (then the journal alone is followed)."""
        try:
            notes = json.loads(self.path.read_text(encoding="utf-8"))["parts"]
            return [note for note in notes if isinstance(note, dict) and isinstance(note.get("part"), str)]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def write(self, notes: Sequence[Note], reason: str) -> None:
        """Replace the file's content; without notes, remove it."""
        if notes:
            write_json(self.path, {"reason": reason, "parts": list(notes)})
        else:
            self.path.unlink(missing_ok=True)


def search_id(folder: Path) -> str:
    """What marks this search's runs as its own, also on a server where other searches have the same name."""
    path = folder / "mlflow.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["search_id"]
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if not isinstance(known, str) or not known.isalnum():
        known = uuid.uuid4().hex
        write_json(path, {"search_id": known})
    return known


def write_json(path: Path, content: object) -> None:
    """Atomically: a reader sees the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(draft, path)
