"""What MLflow holds of a search's runs, as last read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from mlflow.entities import Run

T = TypeVar("T")


@dataclass
class KnownRun:
    """What MLflow holds of a run, as last read or written."""

    run_id: str
    start: int
    status: str
    artifact_uri: str
    params: set[str]
    tags: dict[str, str]
    metrics: dict[str, float]
    has_data: bool = False
    steps: dict[str, set[int]] = field(default_factory=dict)


def known_run(run: Run) -> KnownRun:
    """Of a run that MLflow has given."""
    return KnownRun(
        run_id=run.info.run_id,
        start=run.info.start_time,
        status=run.info.status,
        artifact_uri=run.info.artifact_uri,
        params=set(run.data.params),
        tags=dict(run.data.tags),
        metrics=dict(run.data.metrics),
        has_data=bool(run.inputs.dataset_inputs) if run.inputs is not None else False,
    )


def every_page(fetch: Callable[[str | None], Iterable[T]]) -> list[T]:
    """All results of a paged MLflow search; ``fetch`` takes the page's token."""
    found: list[T] = []
    token: str | None = None
    while True:
        page = fetch(token)
        found.extend(page)
        token = getattr(page, "token", None)
        if not token:
            return found
