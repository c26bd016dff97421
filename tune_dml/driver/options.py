"""From what a user asked to what a search does: every option checked, no default left open."""

from __future__ import annotations

import math
import os
from collections.abc import Container, Iterable
from pathlib import Path

from tune_dml.config import (
    SCHEDULERS,
    SEARCHERS,
    VALIDATIONS,
    DrawSettings,
    SearchSettings,
    TaskSettings,
    absolute_path,
)
from tune_dml.data import KINDS, SINGLE, Target, check_encoding, spec_named
from tune_dml.driver.durations import seconds
from tune_dml.driver.lengths import check_length_options
from tune_dml.driver.naming import search_name
from tune_dml.driver.request import SearchRequest
from tune_dml.driver.unlabelled import check_adapting
from tune_dml.errors import UsageError, nearest
from tune_dml.execution.machines import Slots
from tune_dml.models.known_encoders import SUGGEST, as_named
from tune_dml.storage import parse_address
from tune_dml.tracking import check_tracking_uri

DEFAULT_SHOTS = 50
TRIALS_ON_CPU, TRIALS_ON_GPU = 16, 64
PRECISIONS = ("auto", "float32", "bfloat16")
#: Trials at a time as measured.
AUTO = "auto"


def check_options(request: SearchRequest) -> None:
    """Everything that can be said without looking at data, encoder or machine.

    Raises:
        UsageError: the first option that is wrong, the rule, and the nearest valid value.
    """
    _one_of("--searcher", request.searcher, SEARCHERS)
    _one_of("--scheduler", request.scheduler, SCHEDULERS)
    _check_kind(request)
    _one_of("--validation", request.validation, VALIDATIONS)
    _one_of("--precision", request.precision, PRECISIONS)
    check_length_options(request)
    encoder_names(request)
    at_least("--trials", request.trials, 1)
    _check_concurrency(request)
    check_adapting(request.adapt_mlm, request.unlabelled)
    at_least("--max-rounds", request.max_rounds, 1)
    at_least("--confirm-seeds", request.confirm_seeds, 1)
    if request.ensemble and not request.save_model:
        raise UsageError("--ensemble saves the winner's models; leave --no-model out.")
    at_least("--seed", request.seed, 0)
    if not request.cpus_per_trial > 0 or not math.isfinite(request.cpus_per_trial):
        raise UsageError(f"--cpus-per-trial is {request.cpus_per_trial:g}; it must be more than 0.")
    if request.gpus_per_trial is not None and not 0 <= request.gpus_per_trial < math.inf:
        raise UsageError(f"--gpus-per-trial is {request.gpus_per_trial:g}; it must be 0 or more.")
    if request.max_gpus is not None and not 0 < request.max_gpus < math.inf:
        raise UsageError(f"--max-gpus is {request.max_gpus:g}; it must be more than 0.")
    draw_settings(request)
    if request.encoding is not None:
        check_encoding(request.encoding)
    seconds(request.time_budget)
    seconds(request.training_budget, "--training-budget")
    if request.tracking_uri is not None:
        check_tracking_uri(request.tracking_uri)
    if request.store is not None:
        parse_address(request.store)
    if not 0 < request.store_every < math.inf:
        raise UsageError(f"--store-every is {request.store_every:g}; it must be more than 0 seconds.")


def _check_kind(request: SearchRequest) -> None:
    _one_of("--kind", request.kind or SINGLE.name, tuple(KINDS))
    _one_of("--metric", metric_of(request), [metric.name for metric in _target(request).metrics])


def encoder_names(request: SearchRequest) -> tuple[str, ...]:
    """The encoders that are named, folders by their full paths; none where nobody names one.

    Raises:
        UsageError: one is named twice, or there is nothing between two commas.
    """
    if request.encoder is None:
        return ()
    # A folder's name may have a comma.
    whole = Path(os.path.expanduser(request.encoder)).is_dir()
    names = [request.encoder] if whole else [name.strip() for name in request.encoder.split(",")]
    if not all(names):
        raise UsageError(f"--encoder is '{request.encoder}'; name one encoder, or several with commas between them.")
    found = [as_named(name) for name in names]
    if SUGGEST in found[1:] or (found[0] == SUGGEST and len(found) > 1):
        raise UsageError(f"--encoder {SUGGEST} chooses by itself; give it alone, or name the encoders.")
    if twice := [name for number, name in enumerate(found) if name in found[:number]]:
        raise UsageError(f"--encoder names {twice[0]} twice; once is enough.")
    return tuple(found)


def metric_of(request: SearchRequest) -> str:
    """The metric that is asked for, else the kind's own."""
    return request.metric or _target(request).metric


def _target(request: SearchRequest) -> Target:
    """Of the kind that is named, else as the task is known for, else classes."""
    spec = None if request.data is not None else spec_named(request.task)
    return KINDS[request.kind or (SINGLE.name if spec is None else spec.kind)].target


def task_settings(request: SearchRequest) -> TaskSettings:
    """Which labelled texts; a path becomes absolute, so that a resume from elsewhere finds it."""
    data = None if request.data is None else str(absolute_path(request.data))
    return TaskSettings(
        request.task,
        data,
        tuple(request.text_columns),
        request.label_column,
        request.group_column,
        request.no_test,
        request.encoding,
        request.header,
        request.drop_unknown_labels,
        request.kind,
    )


def draw_settings(request: SearchRequest) -> DrawSettings:
    """How many shots, and how they are split."""
    shots: int | None
    if request.shots_per_class is not None:
        if request.shots is not None:
            raise UsageError("Give --shots or --shots-per-class, not both.")
        at_least("--shots-per-class", request.shots_per_class, 1)
        shots = None
    elif request.shots is None:
        shots = DEFAULT_SHOTS
    elif str(request.shots).lower() == "full":
        shots = None
    else:
        try:
            shots = int(request.shots)
        except ValueError:
            raise UsageError(f"--shots is '{request.shots}'; it must be a number of examples, or 'full'.") from None
        at_least("--shots", shots, 2)
    at_least("--draw", request.draw, 0)
    at_least("--folds", request.folds, 2)
    at_least("--repeats", request.repeats, 1)
    return DrawSettings(
        shots, request.shots_per_class, request.draw, request.folds, request.repeats, request.validation
    )


def settings_of(
    request: SearchRequest,
    *,
    task_name: str,
    results: Path,
    encoders: tuple[str, ...],
    slots: Slots,
    trials: int,
    precision: str,
    protocol: str,
    draw: DrawSettings,
    taken: Container[str] = (),
) -> SearchSettings:
    """Everything resolved."""
    task = task_settings(request)
    return SearchSettings(
        name=search_name(request, draw, results, taken),
        task=TaskSettings(**{**task.__dict__, "task": task_name}),
        draw=draw,
        encoder=encoders[0],
        encoders=encoders if len(encoders) > 1 else (),
        space=request.space,
        losses=tuple(request.losses),
        loss_plugins=tuple(request.loss_plugins),
        trials=trials,
        time_budget=seconds(request.time_budget),
        max_rounds=request.max_rounds,
        training_budget=seconds(request.training_budget, "--training-budget"),
        searcher=request.searcher,
        scheduler=request.scheduler,
        metric=metric_of(request),
        cpus_per_trial=slots.cpus_per_trial,
        gpus_per_trial=slots.gpus_per_trial,
        concurrency=slots.concurrency,
        elastic=request.address is not None and request.concurrency is None and request.max_gpus is None,
        address=request.address,
        results=str(results),
        tracking_uri=None if request.tracking_uri is None else check_tracking_uri(request.tracking_uri),
        store=None if request.store is None else parse_address(request.store).text,
        store_every=float(request.store_every),
        seed=request.seed,
        device="cuda" if slots.gpus_per_trial else "cpu",
        precision=precision,
        truncation=request.truncation,
        protocol=protocol,
        confirm=request.confirm,
        confirm_seeds=request.confirm_seeds,
        confirm_others=request.confirm_others,
        reference_ce=request.reference_ce,
        save_model=request.save_model,
        ensemble=request.ensemble,
        soup=request.soup,
        adapt_mlm=request.adapt_mlm,
        unlabelled=None if request.unlabelled is None else str(absolute_path(request.unlabelled)),
    )


def _check_concurrency(request: SearchRequest) -> None:
    if not isinstance(request.concurrency, str):
        at_least("--concurrency", request.concurrency, 1)
    elif request.concurrency != AUTO:
        raise UsageError(f"--concurrency is '{request.concurrency}'; it must be a number of trials, or '{AUTO}'.")
    elif request.address is not None:
        raise UsageError(
            f"--concurrency {AUTO} measures a GPU of this machine; with --address, give a number of trials and "
            "--gpus-per-trial."
        )
    elif request.gpus_per_trial:
        raise UsageError(f"--concurrency {AUTO} finds how many trials share a GPU; leave out --gpus-per-trial.")


def _one_of(option: str, value: str, valid: Iterable[str]) -> None:
    valid = tuple(valid)
    if value not in valid:
        raise UsageError(f"{option} is '{value}': {nearest(value, valid)}")


def at_least(option: str, value: int | None, least: int) -> None:
    """Refuse a ``value`` below ``least``, in the words of the command line."""
    if value is not None and value < least:
        raise UsageError(f"{option} is {value}; it must be {least} or more.")
