"""What every trial of a search would meet, met before it: a training step of each structure that its space has."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import torch

from tune_dml.config import Value, size_of
from tune_dml.data import KINDS
from tune_dml.errors import ConfigurationError, ModelError, TrainingFailure, TuneDMLError, first_line
from tune_dml.losses import LOSSES
from tune_dml.models.encoder import forget_encoders
from tune_dml.models.precision import default_precision
from tune_dml.recipe import INGREDIENTS, Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.failures import is_out_of_memory
from tune_dml.training.fit import fit_once
from tune_dml.training.workload import Workload, resolve, single_thread

#: Of a space with many structures, what has not been tried by then is left to the trials. Seconds.
PATIENCE = 10.0
#: Hyperparameters that decide what is built and run, apart from the loss.
_STRUCTURE = (
    "representation", "pair_encoding", "layer", "averaged_layers", "trainable_layers", "train_word_embeddings",
    "reinit_layers", "max_length",
)  # fmt: skip


def try_recipes(workload: Workload, recipes: Iterable[Mapping[str, Value]], space: str, encoder: str) -> None:
    """Run one training step of each distinct structure among ``recipes``, on two short texts of the workload and a CPU,
    and each loss on random vectors.

    Args:
        recipes: Configurations, flat.
        space, encoder: What messages call them.

    Raises:
        ConfigurationError: a recipe cannot be had with this encoder, these texts or its loss.
        ModelError: a step fails in another way.
    """
    single_thread()
    begun = time.monotonic()
    examples = _two_texts(workload)
    structures: set[tuple[object, ...]] = set()
    losses: set[tuple[object, ...]] = set()
    try:
        for recipe in recipes:
            config = _resolved(recipe, space)
            own = (config.loss, *sorted(config.loss_params.items()))
            if own not in losses:
                losses.add(own)
                _try_loss(config, workload, examples)
            config = _affordable(config, workload)
            structure = _structure_of(config)
            if structure not in structures and time.monotonic() - begun < PATIENCE:
                structures.add(structure)
                _try_step(config, workload, examples, space, encoder)
    finally:
        # The driver has no other use for a built encoder.
        forget_encoders()


def _resolved(recipe: Mapping[str, Value], space: str) -> Configuration:
    try:
        return resolve(recipe, "recipe")
    except ConfigurationError as error:
        raise ConfigurationError(f"A recipe of the search space '{space}' cannot be trained: {error}") from None


def _affordable(config: Configuration, workload: Workload) -> Configuration:
    """One epoch of one batch. Of a large encoder, one layer is trained: Adam's state of all of them is large, too."""
    config = replace(config, epochs=min(config.epochs, 1), batch_size=4)
    several = config.trainable_layers is None or config.trainable_layers > 1
    if size_of(workload.encoder.body) != "small" and several and workload.encoder.layers:
        return replace(config, trainable_layers=1)
    return config


def _two_texts(workload: Workload) -> Examples:
    """The two shortest, twice each, one of each of two classes where there are any. A set by itself: what frozen layers
    give is kept for the whole set that texts were taken from."""
    shortest = np.argsort(workload.tokens.lengths[: workload.shots], kind="stable")[:2].astype(np.int64)
    taken = workload.tokens.take(np.concatenate([shortest, shortest]))
    towers = None if taken.towers is None else replace(taken.towers, origin=None)
    targets = KINDS[workload.kind].target.made_up(len(taken), 2, workload.outputs)
    return Examples(replace(taken, origin=None, towers=towers), targets, workload.kind, workload.outputs)


def _try_loss(config: Configuration, workload: Workload, examples: Examples) -> None:
    spec = LOSSES[config.loss]
    if spec.build is None:
        return
    projection = config.of("projection")
    size = 8 if projection["kind"] == "none" else int(projection["size"])
    vectors = torch.randn(len(examples), size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    try:
        strata = examples.strata
        classes = max(workload.outputs, int(strata.max()) + 1)
        loss = spec.build(classes, size, config.loss_params)(vectors, torch.from_numpy(strata))
        if loss.requires_grad:
            loss.backward()
    except TuneDMLError:
        raise
    except Exception as error:  # losses of other packages raise what they like
        if is_out_of_memory(error):
            # A trial's own failure, which its search survives.
            return
        raise ConfigurationError(f"The loss {config.loss} fails on four vectors ({first_line(error)}).") from error


def _try_step(
    config: Configuration,
    workload: Workload,
    examples: Examples,
    space: str,
    encoder: str,
) -> None:
    try:
        fit_once(
            config, workload.encoder, examples, {"texts": examples.tokens},
            seed=0, device="cpu", precision=default_precision("cpu"),
        )  # fmt: skip
    except TrainingFailure:
        # What a trial may do without its search being wrong.
        return
    except TuneDMLError as error:
        raise ConfigurationError(f"The search space '{space}' does not go with encoder {encoder}: {error}") from None
    except Exception as error:
        raise ModelError(
            f"A training step with encoder {encoder} fails ({first_line(error)}), and so would every trial with "
            f"{_shown(config)}. Choose another encoder, or leave this out of the space."
        ) from error


def _structure_of(config: Configuration) -> tuple[object, ...]:
    values = config.to_dict()
    # Those without a name of their own may change anything.
    others = tuple(name for name in config.on() if not INGREDIENTS[name].flat)
    return (*(values[name] for name in _STRUCTURE), others)


def _shown(config: Configuration) -> str:
    """What is not as usual."""
    own, usual = config.to_dict(), Configuration().to_dict()
    words = [f"{name} {own[name]}" for name in _STRUCTURE if own[name] != usual[name]]
    words += [name for name in config.on() if not INGREDIENTS[name].flat]
    return ", ".join([f"loss {config.loss}", *words])
