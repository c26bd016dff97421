"""``tune-dml ui``: the MLflow UI on the results."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tune_dml.cli import terminal
from tune_dml.cli.options import DEFAULTS, Debug, Results, TrackingUri
from tune_dml.errors import EnvironmentFault

EXAMPLES = """
tune-dml ui
tune-dml ui --results runs --port 8080
"""

#: How long the server may take to end on its own, in seconds.
_GRACE = 5.0


def ui(
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = DEFAULTS.tracking_uri,
    port: Annotated[int | None, typer.Option(metavar="N", help="5000, or a free one, unless given.")] = None,
    debug: Debug = False,
) -> None:
    """Serve the MLflow UI on the results, until Ctrl-C.

    It listens on this machine's loopback address only.
    """
    from tune_dml.tracking import ui_environment
    from tune_dml.workflows.mlflow_views import ui as workflow

    command, address = workflow(results, tracking_uri, port, terminal.note)
    terminal.print_lines([f"The MLflow UI is at {address} (Ctrl-C ends it)."])
    code = serve(command, ui_environment())
    if code:
        raise EnvironmentFault(f"The MLflow UI ended with exit code {code}; what it printed says why.")


def serve(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs the server until it ends or this process is asked to. Returns its exit code, 0 if it was asked for."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    # A session of its own: Ctrl-C reaches only this process, which then ends the server and its workers in peace.
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(server)
        signal.signal(signal.SIGTERM, previous)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _end(server: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_GRACE)
            return
