"""Bring MLflow up to date at once, from the journal and from what was noted as owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tune_dml.config import SearchSettings, TrialRecord
from tune_dml.errors import EnvironmentFault
from tune_dml.tracking.addresses import without_password
from tune_dml.tracking.faults import is_refusal, lasting, reason_of
from tune_dml.tracking.mlflow_store import http_limits
from tune_dml.tracking.parts import BestPart, FinishPart, ModelPart, Part, SearchPart, TrialPart, part_from
from tune_dml.tracking.pending import PendingFile
from tune_dml.tracking.runs import SearchRuns
from tune_dml.tracking.told import Finish, ModelRegistration, TrainingData

ORDER = {"search": 0, "best": 2, "finish": 3, "model": 4}


def reconcile_search(
    settings: SearchSettings,
    results: Path,
    records: Iterable[TrialRecord],
    about: Mapping[str, str] | None = None,
    best: Mapping[int, float] | None = None,
    finish: Finish | None = None,
    model: tuple[Path, ModelRegistration] | None = None,
    data: TrainingData | None = None,
) -> list[str]:
    """Make MLflow agree with a search; calling it again writes nothing.

    Args:
        settings: Of the search, as in ``search.yaml``.
        results: The results folder.
        records: Every trial and baseline in the journal.
        about, best, finish, model: As the :class:`Tracker` gets them; ``None`` takes what an outage left noted.
        data: What the runs were trained on.

    Returns:
        One sentence for each part that MLflow refused; empty when it has everything.

    Raises:
        EnvironmentFault: MLflow cannot be reached or used; what was owed stays noted.
    """
    runs = SearchRuns(settings, results, data)
    pending = PendingFile(runs.folder)
    notes = {note["part"]: note for note in pending.read()}
    parts: dict[str, Part] = {key: part for key, note in notes.items() if (part := part_from(note, runs.folder))}
    given: list[Part] = [TrialPart(record) for record in records]
    if about is not None:
        given.append(SearchPart(about, running=finish is None and "finish" not in notes))
    if best is not None:
        given.append(BestPart(best))
    if finish is not None:
        given.append(FinishPart(finish))
    if model is not None:
        given.append(ModelPart(model[0].absolute(), model[1]))
    parts.update({part.key: part for part in given})
    left = sorted(parts.values(), key=lambda part: ORDER.get(part.key, 1))
    refused: dict[str, str] = {}
    for done, part in enumerate(left):
        try:
            with http_limits():
                part.apply(runs)
        except Exception as error:
            runs.forget()
            fault = lasting(runs.uri, error, results)
            if fault is None and is_refusal(error):
                refused[part.key] = f"MLflow refused {part.key}: {reason_of(error)}"
                continue
            owed = [other.note() for other in left if other.key in refused] + [other.note() for other in left[done:]]
            pending.write(owed, reason_of(error))
            raise fault or EnvironmentFault(
                f"MLflow at {without_password(runs.uri)} cannot be written ({reason_of(error)}); "
                "what is missing stays noted, so run the command again when it is back."
            ) from error
    pending.write([part.note() for part in left if part.key in refused], "MLflow refused them")
    return list(refused.values())
