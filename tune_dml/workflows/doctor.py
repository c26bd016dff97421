"""``tune-dml doctor``: whether a search could run here, or on a cluster, before one is started."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from tune_dml.config import DEFAULT_RESULTS, absolute_path
from tune_dml.errors import TuneDMLError
from tune_dml.execution import start_ray, stop_ray
from tune_dml.execution.machines import Machines, Offer, ask_nodes, here, machines
from tune_dml.execution.preflight import Check, check_memory, check_nodes, check_offer
from tune_dml.models.source import default_encoder
from tune_dml.tracking import check_tracking_uri
from tune_dml.workflows.doctor_encoder import check_encoder, check_of
from tune_dml.workflows.slots import cores, visible_gpus

#: Bytes that a search's results may take: the model of a small encoder, predictions, MLflow's store.
FREE_DISK = 2e9
SERVER_SECONDS = 5.0


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
    """Look at everything that a search needs, in the order in which it needs it. Nothing is left behind."""
    checks = [check_packages(requires("tune-dml") or []), check_storage(absolute_path(request.results))]
    checks.append(check_tracking(request.tracking_uri))
    gpus, checks_of_ray, offer = visible_gpus(), [], None
    if request.address is None:
        offer = Machines((Offer("this machine", 1, cores(), gpus, _memory()),))
    else:
        try:
            start_ray(request.address, cpus=1, gpus=0)
            answers, silent = ask_nodes()
            offer = machines(answers)
            checks_of_ray = check_nodes(here(), answers, silent)
            gpus = int(offer.gpus)
        except TuneDMLError as error:
            checks_of_ray = [check_of(error)]
        finally:
            stop_ray()
    checks += checks_of_ray
    share = request.gpus_per_trial if request.gpus_per_trial is not None else float(gpus > 0)
    if offer is not None:
        checks.append(check_offer(offer, request.cpus_per_trial, share))
    fits = offer is not None and checks[-1].ok
    source, check = check_encoder(request.encoder or default_encoder(gpus > 0))
    checks.append(check)
    if offer is not None and fits and source is not None:
        checks.append(check_memory(offer, source.parameters, request.cpus_per_trial, share))
    return checks


def check_packages(asked: Sequence[str]) -> Check:
    """Whether the packages here are of the versions that are ``asked`` for, as ``importlib.metadata`` has them."""
    from packaging.requirements import Requirement

    own = here()
    wrong = []
    for text in asked:
        requirement = Requirement(text)
        version = own.versions.get(requirement.name)
        if requirement.marker is None and version is not None and version not in requirement.specifier:
            wrong.append(f"{requirement.name}{requirement.specifier} (here: {version})")
    if wrong:
        return Check(f"packages: tune-dml asks for {', '.join(wrong)}", "pip install --force-reinstall tune-dml")
    return Check(f"Python {own.versions['Python']}, Ray {own.versions['ray']}, PyTorch {own.versions['torch']}")


def check_storage(results: Path, least: float = FREE_DISK) -> Check:
    """Whether results can be written, with ``least`` bytes to spare."""
    there = next(folder for folder in (results, *results.parents) if folder.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there) as file:
            file.write(b"tune-dml")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Check(
            f"results: {results} cannot be written ({error.strerror})", "Choose another folder with --results."
        )
    free = shutil.disk_usage(there).free
    if free < least:
        return Check(f"results: only {free / 1e9:.1f} GB are free at {results}", "Make room, or choose another folder.")
    return Check(f"results: {results} can be written, {free / 1e9:.0f} GB free")


def check_tracking(uri: str | None) -> Check:
    """Whether MLflow's server answers. A search goes on without it, and ``tune-dml sync`` tells it later."""
    if uri is None:
        return Check("MLflow: its store is in the results folder")
    try:
        checked = check_tracking_uri(uri)
    except TuneDMLError as error:
        return check_of(error)
    if not checked.startswith("http"):
        return Check(f"MLflow: {urlsplit(checked).scheme} store")
    place = urlsplit(checked).hostname
    try:
        with urlopen(f"{checked.rstrip('/')}/health", timeout=SERVER_SECONDS):
            return Check(f"MLflow: the server at {place} answers")
    except OSError as error:
        return Check(f"MLflow: the server at {place} does not answer ({error})", "Start it, or check --tracking-uri.")


def _memory() -> float:
    """Of this machine, in bytes."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (OSError, ValueError):
        return 0.0
