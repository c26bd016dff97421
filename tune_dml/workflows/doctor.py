"""``tune-dml doctor``: whether a search could run here, or on a cluster, before one is started."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version

from tune_dml.checks.disk_check import LEAST_DISK, check_file_system, check_storage, disk_for
from tune_dml.checks.encoder_check import check_download, check_encoder, check_of
from tune_dml.checks.machine_check import check_limits, check_ray, check_room, check_shared_memory
from tune_dml.checks.mlflow_check import check_tracking
from tune_dml.config import DEFAULT_RESULTS, absolute_path
from tune_dml.driver.options import encoder_names
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import TuneDMLError, first_line
from tune_dml.evaluation.soups import MOST_SEEDS
from tune_dml.execution import start_ray, stop_ray
from tune_dml.execution.limits import limits
from tune_dml.execution.machines import Machines, ask_nodes, here, machines
from tune_dml.execution.preflight import Check, Room, check_memory, check_nodes, check_offer
from tune_dml.execution.this_machine import this_machine, visible_gpus
from tune_dml.models.encoder_source import EncoderSource, default_encoder
from tune_dml.models.known_encoders import SUGGEST


@dataclass(frozen=True)
class DoctorRequest:
    """What a search would be given; the names are those of ``SearchRequest``."""

    address: str | None = None
    encoder: str | None = None
    results: str = DEFAULT_RESULTS
    tracking_uri: str | None = None
    cpus_per_trial: float = 1.0
    gpus_per_trial: float | None = None


def doctor(request: DoctorRequest) -> list[Check]:
    """Look at everything that a search needs: what is judged is opened, started or written. Nothing is left behind."""
    return list(_checks(request))


def _checks(request: DoctorRequest) -> Iterator[Check]:
    yield check_packages(_asked())
    own, gpus = limits(), visible_gpus()
    offer = this_machine(own, gpus) if request.address is None else None
    limited = check_limits(own, request.cpus_per_trial if offer is not None else 0.0)
    yield limited
    if offer is None:
        offer, of_cluster = _cluster(str(request.address))
        gpus = 0 if offer is None else int(offer.gpus)
    else:
        of_cluster = [_judged("shared memory", lambda: check_shared_memory(own)), _judged("Ray", check_ray)]
    judged = _encoders(request.encoder, gpus > 0)
    # The largest decides on room.
    source = max((one for one, _ in judged if one is not None), key=lambda one: one.parameters, default=None)
    yield from _results(request, [one for one, _ in judged if one is not None])
    yield from of_cluster
    share = request.gpus_per_trial if request.gpus_per_trial is not None else float(gpus > 0)
    fits = offer is not None and limited.ok
    if offer is not None and limited.ok:
        room = check_offer(offer, request.cpus_per_trial, share)
        fits = room.ok
        yield room
    yield from (check for _, check in judged)
    if source is None or offer is None or not fits:
        return
    if request.address is None:
        slots = offer.slots_now(request.cpus_per_trial, share)
        yield check_room(Room(own.memory, source.parameters, share > 0), own, slots)
    else:
        yield check_memory(offer, source.parameters, request.cpus_per_trial, share)


def _results(request: DoctorRequest, sources: list[EncoderSource]) -> Iterator[Check]:
    """Of what is written, by searches and by MLflow."""
    results = absolute_path(request.results)
    least = max((disk_for(source.parameters, MOST_SEEDS) for source in sources), default=LEAST_DISK)
    storage = _judged("results", lambda: check_storage(results, least))
    yield storage
    if storage.ok:
        yield _judged("file system", lambda: check_file_system(results))
    if storage.ok or request.tracking_uri is not None:
        yield _judged("MLflow", lambda: check_tracking(request.tracking_uri, results))
    for source in sources:
        if source.folder is None:
            yield _judged("download", partial(check_download, source))


def _cluster(address: str) -> tuple[Machines | None, list[Check]]:
    try:
        start_ray(address, cpus=1, gpus=0)
        answers, silent = ask_nodes()
        return machines(answers), check_nodes(here(), answers, silent)
    except TuneDMLError as error:
        return None, [check_of(error)]
    finally:
        stop_ray()


def _encoders(given: str | None, gpu: bool) -> list[tuple[EncoderSource | None, Check]]:
    try:
        names = encoder_names(SearchRequest(encoder=given))
    except TuneDMLError as error:
        return [(None, check_of(error))]
    # Which are suggested depends on the texts.
    return [_encoder(name) for name in names if name != SUGGEST] or [_encoder(default_encoder(gpu))]


def _encoder(name: str) -> tuple[EncoderSource | None, Check]:
    try:
        return check_encoder(name)
    except Exception as error:
        return None, _foreign("encoder", error)


def _judged(what: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except Exception as error:
        return _foreign(what, error)


def _foreign(what: str, error: Exception) -> Check:
    """A fault that no look foresees is one all the same, and must not keep the others from being told."""
    return Check(f"{what}: {first_line(error)}", "See what --debug says, and what this machine's logs have.")


def check_packages(asked: Sequence[str]) -> Check:
    """Whether the packages here are of the versions that are ``asked`` for, as ``importlib.metadata`` has them."""
    from packaging.requirements import Requirement

    wrong, cure = [], []
    for requirement in map(Requirement, asked):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            here_is = version(requirement.name)
        except PackageNotFoundError:
            here_is = "missing"
        if here_is == "missing" or here_is not in requirement.specifier:
            wrong.append(f"{requirement.name}{requirement.specifier} (here: {here_is})")
            cure.append(f"'{requirement.name}{requirement.specifier}'")
    if wrong:
        return Check(f"packages: tune-dml asks for {', '.join(wrong)}", f"pip install {' '.join(cure)}")
    return Check(f"Python {platform.python_version()}, Ray {version('ray')}, PyTorch {version('torch')}")


def _asked() -> list[str]:
    try:
        return requires("tune-dml") or []
    except PackageNotFoundError:
        return []


__all__ = ["DoctorRequest", "check_packages", "check_storage", "check_tracking", "doctor"]
