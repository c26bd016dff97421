"""What Ray and its workers find in their environment."""

from __future__ import annotations

import os

#: What the trial loop is built on: set before Ray is imported, whatever the user has set.
_DECIDED = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_FORCE_TRIAL_CLEANUP_S": "1",
    "TUNE_RESULT_BUFFER_LENGTH": "1",
}
#: Set likewise, but for those that the user has set.
ENVIRONMENT = {
    **_DECIDED,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Under ``uv run`` Ray would ship the working folder to its workers, and start them by uv in an environment that
    # they make anew. They have the environment of this process already.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    # Ray's own default, 15, leaves a worker next to nothing as soon as anything else computes.
    "RAY_worker_niceness": "0",
    # A second, usually: the workers that Ray starts with would be gone before Tune asks for them.
    "RAY_idle_worker_killing_time_threshold_ms": "600000",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    # How long a worker waits for the end of one trial before the next. On a busy machine 2 seconds, the usual, are not
    # enough, and the worker is thrown away.
    "TUNE_FUNCTION_THREAD_TIMEOUT_S": "60",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "TUNE_WARN_THRESHOLD_S": "60",
    # Ray Tune imports MLflow, which looks for this once, and otherwise tells its makers what it is used for.
    "MLFLOW_DISABLE_TELEMETRY": "true",
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
#: Of older versions of Ray. It obeys them no more, and refuses to begin where one of them is set.
_OUTDATED = ("TUNE_RESULT_DIR", "RAY_AIR_LOCAL_CACHE_DIR")


def set_environment() -> None:
    """Set what of :data:`ENVIRONMENT` is not set, or not for the user to set, and remove what Ray takes offence at."""
    os.environ.update(_DECIDED)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for name in _OUTDATED:
        os.environ.pop(name, None)


def of_workers() -> dict[str, str]:
    """What workers of a cluster are told: they inherit nothing from here."""
    return {name: os.environ[name] for name in ENVIRONMENT if name.startswith(("OMP_", "TOKENIZERS_", "MALLOC_"))}
