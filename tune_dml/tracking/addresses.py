"""Addresses of stores as they may be shown, and as they are used."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

from tune_dml.errors import UsageError

_HIDDEN = "***@"


def without_password(uri: str) -> str:
    """The URI as it may be shown and stored."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return urlunsplit(parts._replace(netloc=_HIDDEN + parts.netloc.rpartition("@")[2]))


def with_password(uri: str) -> str:
    """The URI that :func:`without_password` gave, with the user's name and password again, from where MLflow's own
    tools have them: ``MLFLOW_TRACKING_URI``, or, of a server, ``MLFLOW_TRACKING_USERNAME`` and ``_PASSWORD``.

    Raises:
        UsageError: a database's, and the first variable is not set for it.
    """
    if _HIDDEN not in uri:
        return uri
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    if without_password(given) == uri:
        return given
    if uri.startswith("http"):
        return uri.replace(_HIDDEN, "", 1)
    raise UsageError(f"The password of {uri} was not stored: give --tracking-uri again, or set MLFLOW_TRACKING_URI.")
