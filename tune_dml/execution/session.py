"""Starting Ray, quietly, on this machine and for this process only, or joining a cluster that runs already."""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tune_dml.errors import EnvironmentFault
from tune_dml.execution.limits import limits, memory_for_ray
from tune_dml.execution.token import ASK_FOR_TOKEN, own_token

#: Set before Ray is imported, unless the user has set them.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    # Ray's own default, 15, leaves a worker next to nothing as soon as anything else computes.
    "RAY_worker_niceness": "0",
    # A second, usually: the workers that Ray starts with would be gone before Tune asks for them.
    "RAY_idle_worker_killing_time_threshold_ms": "600000",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_FORCE_TRIAL_CLEANUP_S": "1",
    # How long a worker waits for the end of one trial before the next. On a busy machine 2 seconds, the usual, are not
    # enough, and the worker is thrown away.
    "TUNE_FUNCTION_THREAD_TIMEOUT_S": "60",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "TUNE_WARN_THRESHOLD_S": "60",
    # Workers inherit these. One thread a trial; the tokenizers' own threads are not used there.
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # A training step frees and takes the same memory again and again: the allocator keeps it instead of giving it back
    # to the system and paying for fresh pages in every step. From one heap: each trial runs in a thread of its own, and
    # with a heap for every few threads a worker held five times what a trial needs.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
}


#: What ``ray.init`` imports late: imported before, so that only one thread imports while it waits. Imports side by side
#: have failed inside Ray.
_IMPORTED_BY_INIT = (
    "ray.dashboard.optional_deps",
    "ray.autoscaler.v2.utils",
    "ray._common.usage.usage_lib",
    "ray._private.runtime_env.uv_runtime_env_hook",
)
_OF_WORKERS = [name for name in ENVIRONMENT if name.startswith(("OMP_", "TOKENIZERS_", "MALLOC_"))]
_PRELOAD = "RAY_preload_python_modules"
#: How long the head of a cluster may take to answer.
CONNECT_SECONDS = 10.0
#: Whether this process has started the Ray that it uses, and not found one running.
_started = False


def start_ray(
    address: str | None,
    *,
    cpus: int,
    gpus: int,
    debug: bool = False,
    preload: Sequence[str] = (),
    meanwhile: Sequence[str] = (),
) -> None:
    """Start or join Ray, unless this process is in a session already; :func:`stop_ray` ends it.

    Args:
        address: ``None`` starts Ray on this machine; ``auto`` or ``host:port`` joins a cluster.
        cpus, gpus: To start with, on this machine; Ray starts a worker for each CPU at once.
        preload: Modules that those workers import before their first trial.
        meanwhile: Modules that this process imports while it waits for Ray.

    Raises:
        EnvironmentFault: Ray cannot be started or joined.
    """
    global _started
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with collecting_no_garbage():
        own_token(address)
        import ray

        if ray.is_initialized():
            return
        os.environ[_PRELOAD] = ",".join(preload)
        for name in _IMPORTED_BY_INIT:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        imports = threading.Thread(target=_import, args=(("ray.tune", *meanwhile),), daemon=True)
        imports.start()
        level = logging.INFO if debug else logging.ERROR
        try:
            if address is None:
                # Never somebody else's session, which RAY_ADDRESS or a running head would give.
                ray.init(
                    address="local",
                    num_cpus=cpus,
                    num_gpus=gpus,
                    include_dashboard=False,
                    log_to_driver=debug,
                    logging_level=level,
                    **memory_for_ray(limits()),
                )
            else:
                _check_answers(address)
                # Workers of a cluster inherit nothing from here.
                wanted = {"env_vars": {name: os.environ[name] for name in _OF_WORKERS}}
                ray.init(address=address, log_to_driver=debug, logging_level=level, runtime_env=wanted)
        except ray.exceptions.AuthenticationError as error:
            raise EnvironmentFault(f"Ray has no token for {address or 'this machine'}. {ASK_FOR_TOKEN}") from error
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            reason = str(error).strip().splitlines()[0][:300]
            if address is None:
                raise EnvironmentFault(f"Ray cannot be started on this machine: {reason}") from error
            hint = "" if isinstance(error, OSError) and error.errno else f" {ASK_FOR_TOKEN}"
            raise EnvironmentFault(f"Ray cannot be reached at {address}: {reason.rstrip('.')}.{hint}") from error
        finally:
            # Ray has read it; a session that the caller starts later is none of ours.
            del os.environ[_PRELOAD]
            imports.join()
    _started = True
    for name in ("ray", "ray.tune", "ray.train", "ray.data"):
        logging.getLogger(name).setLevel(logging.INFO if debug else logging.CRITICAL)


def stop_ray() -> None:
    """End the session that :func:`start_ray` has begun, if any."""
    global _started
    if _started:
        # Ray ends the whole process when a reference is let go of while it shuts down, in whichever thread. The cycles
        # that Tune leaves behind hold some, and a thread that writes to MLflow at this moment might collect them.
        with collecting_no_garbage():
            sys.modules["ray"].shutdown()
        _started = False


@contextmanager
def ray_session(
    address: str | None, *, cpus: int, gpus: int, debug: bool = False, preload: Sequence[str] = ()
) -> Iterator[None]:
    """Ray for the length of a block, as :func:`start_ray` has it; a session begun before the block ends with it too."""
    start_ray(address, cpus=cpus, gpus=gpus, debug=debug, preload=preload)
    try:
        yield
    finally:
        stop_ray()


@contextmanager
def collecting_no_garbage() -> Iterator[None]:
    """No thread looks for garbage in this block. One that imports much would do so in a sixth of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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


def share(value: object) -> Any:
    """Put a value into the object store once; workers of one machine map the same copy of its arrays."""
    import ray

    return ray.put(value)


def fetch(reference: Any) -> Any:
    """What a worker has put into the object store."""
    import ray

    return ray.get(reference)
