"""A soup: an encoder whose weights are the mean over training runs that differ in nothing but their seed, its read-outs
fitted anew (Wortsman et al. 2022, "Model soups", arXiv 2203.05482)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.config import Probabilities, SoupRound
from tune_dml.data import KINDS
from tune_dml.losses import check
from tune_dml.models.encoder import EncoderBundle
from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.failures import training_failures
from tune_dml.training.fit import fit_once
from tune_dml.training.inputs import input_of
from tune_dml.training.model import Model
from tune_dml.training.objectives import objective_of
from tune_dml.training.stage import Stage, read_out
from tune_dml.training.workload import Workload, derived_seed, round_seed

State = Mapping[str, npt.NDArray[np.float32]]


def can_be_mixed(config: Configuration) -> bool:
    """Whether seeds of a configuration have weights whose mean makes sense: they began with the same ones, and what
    reads them can be fitted anew."""
    on = config.on()
    trains = config.epochs > 0 and config.trainable_layers != 0
    return trains and "reinitialisation" not in on and not on.get("projection", {}).get("keep")


def mean_state(states: Iterable[State]) -> dict[str, npt.NDArray[np.float32]]:
    """The mean of each weight, added up in float64; what is the same in all stays as it is, to the last bit.

    Raises:
        ValueError: there are no states.
    """
    first: dict[str, npt.NDArray[np.float32]] = {}
    sums: dict[str, npt.NDArray[np.float64]] = {}
    count = 0
    for state in states:
        for name, array in state.items():
            if name in sums:
                sums[name] += array
            elif count == 0:
                first[name] = array
            elif not np.array_equal(first[name], array):
                sums[name] = first[name].astype(np.float64) * count + array
        count += 1
    if not count:
        raise ValueError("There is nothing to mix.")
    return {name: (sums[name] / count).astype(np.float32) if name in sums else first[name] for name in first}


def soup_stage(
    config: Configuration,
    encoder: EncoderBundle,
    state: State,
    data: Examples,
    score: Mapping[str, TokenArrays],
    *,
    device: str = "cpu",
    precision: str = "float32",
) -> Stage:
    """Read-outs of an encoder with the weights ``state``, fitted to ``data`` as after training, and what they say of
    the texts of ``score``. Such as need what was trained beside the encoder cannot be had.

    Raises:
        TrainingFailure: as :func:`tune_dml.training.fit.fit`.
    """
    begun = time.perf_counter()
    # Nothing is frozen here, so that nothing of the encoder's own is taken for this one's.
    config = replace(check(config), epochs=0, trainable_layers=None)
    own = encoder.up_to(config.of("layer_choice")["layer"])
    mixed = replace(own, state=dict(state), sha256=f"{own.sha256}:{_digest(state)}", examined=own.facts)
    with training_failures():
        model = Model(config, mixed, 0, torch.device(device), precision)
        objective, inputs = objective_of(model, data), input_of(model, data.tokens)
        model.encoder.eval()
        readouts, probabilities = read_out(model, inputs, objective, data, score, trained=True, heads=False)
    return Stage(probabilities, readouts, {"seconds": time.perf_counter() - begun}, state)


def soup_round(workload: Workload, config: Configuration, number: int, seeds: int, name: str) -> SoupRound:
    """Train on the training part of round ``number`` with so many seeds, the round's own first, and score the held-out
    part by each, and by their soup.

    Args:
        name: Of the configuration.

    Raises:
        TrainingFailure: as :func:`tune_dml.training.fit.fit`.
    """
    begun = time.perf_counter()
    fold, own = workload.folds[number - 1], config.readout
    data, heldout = workload.examples(config, fold.train), {"heldout": workload.heldout(fold)}
    machine = {"device": workload.device, "precision": workload.precision}
    each: list[Probabilities] = []

    def states() -> Iterable[State]:
        for one in range(seeds):
            seed = derived_seed("soup", workload.seed, number, one) if one else round_seed(workload.seed, number)
            stage = fit_once(config, workload.encoder, data, heldout, seed=seed, keep_encoder=True, **machine)
            each.append(stage.probabilities["heldout"][own])
            assert stage.encoder_state is not None
            yield stage.encoder_state

    stage = soup_stage(config, workload.encoder, mean_state(states()), data, heldout, **machine)
    readout = readout_of(stage, config, workload.kind)
    soup = stage.probabilities["heldout"][readout]
    return SoupRound(name, number, fold.heldout, readout, soup, tuple(each), time.perf_counter() - begun)


def readout_of(stage: Stage, config: Configuration, kind: str) -> str:
    """The configuration's own read-out where a soup can have it, else the one that searches are steered by."""
    return config.readout if config.readout in stage.readouts else KINDS[kind].target.readout


def _digest(state: State) -> str:
    found = hashlib.sha256()
    for name in sorted(state):
        found.update(name.encode() + np.ascontiguousarray(state[name]).tobytes())
    return found.hexdigest()
