"""What MLflow still lacks, and which of its runs are the search's: two small files in the search's folder."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: One part that is owed: ``{"part": "trial-7"}``; parts that the journal cannot give back carry their content.
Note = dict[str, Any]
_SEARCH = "mlflow.json"


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
    known = _read(folder).get("search_id")
    if not isinstance(known, str) or not known.isalnum():
        known = uuid.uuid4().hex
        write_json(folder / _SEARCH, {"search_id": known})
    return known


def remember_parent(folder: Path, where: str | None, experiment_id: str, run_id: str) -> None:
    """Note the search's parent run at ``where``: a tracking URI without a password; ``None`` is the store that lies in
    the results folder, wherever that is moved."""
    known = _read(folder)
    place = {"tracking_uri": where, "experiment_id": experiment_id, "run_id": run_id}
    others = [one for one in _places(known) if one.get("tracking_uri", "") != where]
    places = sorted([place, *others], key=lambda one: str(one.get("tracking_uri")))
    if known.get("places") != places:
        write_json(folder / _SEARCH, {"search_id": known.get("search_id"), "places": places})


def parent_of(folder: Path, where: str | None) -> tuple[str, str] | None:
    """Experiment and run of the search's parent at ``where``, if it is known to be there."""
    for place in _places(_read(folder)):
        ids = place.get("experiment_id"), place.get("run_id")
        if place.get("tracking_uri", "") == where and all(isinstance(one, str) and one.isalnum() for one in ids):
            return str(ids[0]), str(ids[1])
    return None


def _places(known: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the search has a parent run; the file itself is the only one where an earlier version wrote it."""
    places = known.get("places", [known])
    return [one for one in places if isinstance(one, dict) and "run_id" in one] if isinstance(places, list) else []


def _read(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / _SEARCH).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def write_json(path: Path, content: object) -> None:
    """Atomically: a reader sees the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(draft, path)
