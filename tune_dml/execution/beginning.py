"""The start of a session of Ray, and what is said when it fails."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence

from tune_dml.errors import EnvironmentFault, first_line
from tune_dml.execution.environment import of_workers
from tune_dml.execution.limits import limits, memory_for_ray
from tune_dml.execution.processes import starting, without_uv_hook
from tune_dml.execution.scratch import Scratch, temporary_folder
from tune_dml.execution.slow_start import told_when_slow
from tune_dml.execution.token import ASK_FOR_TOKEN

#: What ``ray.init`` imports late: imported before, so that only one thread imports while it waits. Imports side by side
#: have failed inside Ray.
_IMPORTED_BY_INIT = (
    "ray.dashboard.optional_deps",
    "ray.autoscaler.v2.utils",
    "ray._common.usage.usage_lib",
    "ray._private.runtime_env.uv_runtime_env_hook",
)
_PRELOAD = "RAY_preload_python_modules"
#: How long the head of a cluster may take to answer.
CONNECT_SECONDS = 10.0


def begin(
    address: str | None,
    cpus: int,
    gpus: int,
    debug: bool,
    preload: Sequence[str],
    meanwhile: Sequence[str],
    say: Callable[[str], None] | None,
) -> Scratch | None:
    """Start or join Ray, which this process is in no session of; arguments as those of
    :func:`tune_dml.execution.session.start_ray`.

    Returns:
        Where a session on this machine has its files.

    Raises:
        EnvironmentFault: Ray cannot be started or joined.
    """
    if address is None:
        _check_loopback()
    import ray

    scratch = temporary_folder() if address is None else None
    os.environ[_PRELOAD] = ",".join(preload)
    for name in _IMPORTED_BY_INIT:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    imports = threading.Thread(target=_import, args=(("ray.tune", *meanwhile),), daemon=True)
    level = logging.INFO if debug else logging.CRITICAL
    what = "Ray has not started" if address is None else f"Ray's cluster at {address} has not let this machine in"
    where = "" if scratch is None else f"; its logs are in {scratch.logs}"
    try:
        with starting(), told_when_slow(what, where, say), without_uv_hook():
            # In here: a thread that SIGTERM does reach would have Ray's own handler end the process.
            imports.start()
            if scratch is not None:
                # Never somebody else's session, which RAY_ADDRESS or a running head would give.
                ray.init(
                    address="local",
                    num_cpus=cpus,
                    num_gpus=gpus,
                    include_dashboard=False,
                    log_to_driver=debug,
                    logging_level=level,
                    _temp_dir=str(scratch.folder),
                    **memory_for_ray(limits()),
                )
            else:
                _check_answers(str(address))
                wanted = {"env_vars": of_workers()}
                ray.init(address=address, log_to_driver=debug, logging_level=level, runtime_env=wanted)
        imports.join()
        return scratch
    except BaseException as error:
        # Whoever has interrupted this wants its end, and waits for no import.
        if isinstance(error, Exception) and imports.is_alive():
            imports.join()
        with contextlib.suppress(Exception):
            ray.shutdown()
        if isinstance(error, SystemExit):
            # Ray's answer to SIGTERM while it starts.
            raise KeyboardInterrupt from None
        if not isinstance(error, Exception):
            raise
        raise _fault(address, scratch, error) from error
    finally:
        # Ray has read it; a session that the caller starts later is none of ours.
        os.environ.pop(_PRELOAD, None)


def _fault(address: str | None, scratch: Scratch | None, error: Exception) -> EnvironmentFault:
    import ray

    if isinstance(error, ray.exceptions.AuthenticationError):
        return EnvironmentFault(f"Ray has no token for {address or 'this machine'}. {ASK_FOR_TOKEN}")
    named = (ConnectionError, RuntimeError, ValueError, OSError)
    plain = (isinstance(error, named) or type(error) is Exception) and str(error).strip()
    reason = str(error).strip().splitlines()[0][:300] if plain else first_line(error)
    reason = reason.rstrip(".")
    if scratch is not None:
        return EnvironmentFault(
            f"Ray cannot be started on this machine: {reason}. Its logs are in {scratch.logs}; 'tune-dml doctor' looks "
            "at what it needs, and --debug shows where it happened."
        )
    hint = "" if isinstance(error, OSError) and error.errno else f" {ASK_FOR_TOKEN}"
    return EnvironmentFault(f"Ray cannot be reached at {address}: {reason}.{hint}")


def _check_loopback() -> None:
    """Sandboxes without a network lack even this machine's own; Ray would wait for its own processes for minutes."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or first_line(error)
        raise EnvironmentFault(
            "Ray cannot be started on this machine: its processes cannot reach one another, for 127.0.0.1 does not "
            f"answer ({reason}). A container or sandbox needs a network of its own: ip link set lo up"
        ) from None


def _check_answers(address: str) -> None:
    """Ray itself would try for minutes where nobody listens."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()


def _import(names: Sequence[str]) -> None:
    # Whoever needs them imports them again, and sees what goes wrong.
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
