"""Where MLflow keeps the results of a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tune_dml.config import SearchSettings
from tune_dml.errors import ResultsError
from tune_dml.results.folders import results_folder
from tune_dml.tracking import check_store, check_tracking_uri, embedded_uri, follow, with_password


def tracked(settings: SearchSettings, tracking_uri: str | None) -> SearchSettings:
    """Settings out of ``search.yaml`` with ``tracking_uri``, or with the password of their own again.

    Raises:
        UsageError: it cannot be known.
    """
    uri = tracking_uri if tracking_uri is not None else settings.tracking_uri
    return settings if uri is None else replace(settings, tracking_uri=check_tracking_uri(with_password(uri)))


def store_uri(results: str, tracking_uri: str | None, tell: Callable[[str], None]) -> str:
    """Where MLflow keeps these results, looked at.

    Args:
        tell: Gets a sentence where the results were moved.

    Raises:
        EnvironmentFault: MLflow cannot be used; the message says what mends it.
    """
    root: Path = results_folder(results)
    uri = embedded_uri(root) if tracking_uri is None else check_tracking_uri(tracking_uri, write=False)
    if tracking_uri is None and not (root / "mlflow.db").exists():
        raise ResultsError(f"{root} has no MLflow store yet: tune-dml search makes one, or give --tracking-uri.")
    check_store(uri, root, write=False)
    if uri == embedded_uri(root) and (sentence := follow(root)) is not None:
        tell(sentence)
    return uri
