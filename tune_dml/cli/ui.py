"""``tune-dml ui``: the MLflow UI on the results."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
import webbrowser
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.request import urlopen

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import DEFAULTS, Debug, Results, TrackingUri
from tune_dml.errors import EnvironmentFault

EXAMPLES = """
tune-dml ui
tune-dml ui sst2-50 --open
tune-dml ui --results runs --port 8080
"""

#: How long the server may take to end on its own, in seconds.
_GRACE = 5.0
#: How long the browser waits for it to answer.
_PATIENCE = 60.0


def ui(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A search; all, unless given.")] = None,
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = DEFAULTS.tracking_uri,
    port: Annotated[int | None, typer.Option(metavar="N", help="5000, or a free one, unless given.")] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    allowed_hosts: Annotated[
        str | None, typer.Option(metavar="HOSTS", help="MLflow's own: by which names a proxy may ask for it.")
    ] = None,
    cors_allowed_origins: Annotated[
        str | None, typer.Option(metavar="ORIGINS", help="MLflow's own: from which addresses pages may ask for it.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Serve the MLflow UI on the results, until Ctrl-C.

    It listens on this machine's loopback address only: docs/serving.md shows it behind a proxy.
    """
    from tune_dml.tracking import ui_environment
    from tune_dml.workflows.ui import ui as workflow

    options = {"allowed-hosts": allowed_hosts, "cors-allowed-origins": cors_allowed_origins}
    view = workflow(results, tracking_uri, port, name, options, terminal.note)
    given = " ".join(f"--{option} {value}" for option, value in options.items() if value is not None)
    if given:
        open_to_all = "MLflow asks for no password, and whoever gets there can read and change everything."
        terminal.print_lines([f"{given}: {open_to_all}"])
    others = [
        f"  {what}  {page}" for what, page in (("charts", view.charts), ("model ", view.model)) if page is not None
    ]
    if not view.command:
        terminal.print_lines([f"MLflow has its own UI at {view.address}", *others])
        if open_browser:
            webbrowser.open(view.address)
        return
    terminal.print_lines([f"The MLflow UI is at {view.address} (Ctrl-C ends it).", *others])
    if open_browser:
        threading.Thread(target=_open, args=(view.server, view.address), daemon=True).start()
    code = serve(view.command, ui_environment())
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


def _open(server: str, address: str) -> None:
    """Show the page once it can be had."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urlopen(f"{server}/health", timeout=1):
            webbrowser.open(address)
            return
        time.sleep(0.2)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _end(server: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_GRACE)
            return
