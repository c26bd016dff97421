"""The MLflow UI on the results of searches."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from tune_dml.tracking.mlflow_store import absolute_uri, artifact_root, embedded_uri, lockable_uri


def ui_command(
    where: str | Path, port: int, results: Path | None = None, options: Mapping[str, str | None] | None = None
) -> list[str]:
    """The command that serves the MLflow UI on the loopback address.

    Args:
        where: A results folder, or the tracking URI of a database. (A server has its own UI: open its address.)
        port: See :func:`free_port`.
        results: The results folder when ``where`` is a URI; default artifacts go there.
        options: Of MLflow's server, by their names without dashes in front; those that are ``None`` are left out.
    """
    if isinstance(where, Path):
        uri, results = embedded_uri(where), where
    else:
        uri = absolute_uri(where)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", lockable_uri(uri)]
    root = artifact_root(uri, results) if results is not None else None
    if root is not None:
        command += ["--default-artifact-root", root]
    for name, value in (options or {}).items():
        command += [f"--{name}", value] if value is not None else []
    return [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]


def ui_environment() -> dict[str, str]:
    """This process's environment for :func:`ui_command`, with what the user set taking precedence.

    MLflow's telemetry is off, and so are its job runners: seven more processes that tune-dml has no use for. What its
    libraries warn its makers of is not shown.
    """
    ours = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PYTHONWARNINGS": "ignore",
    }
    return {**ours, **os.environ}


def free_port(wanted: int = 5000) -> int:
    """``wanted`` if nothing listens there on the loopback address, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
