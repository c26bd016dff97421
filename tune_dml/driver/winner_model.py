"""The winner's model folder: its soup or its first confirm seed, and with ``--ensemble`` the other seeds as members."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.driver.prepared import Prepared
from tune_dml.errors import ModelError
from tune_dml.evaluation.confirm_runs import Candidate, TrainedModel
from tune_dml.models.description import ModelDescription, read_description
from tune_dml.models.folder import MEMBERS, save_model
from tune_dml.results.best_file import pool_of

if TYPE_CHECKING:
    from tune_dml.models.encoder import EncoderBundle

#: Where members wait until the first seed's folder is there to take them.
_WAITING = "ensemble"


def save_winner(prepared: Prepared, candidate: Candidate, seed: int, model: TrainedModel) -> None:
    """Write one seed's model into the search's folder."""
    first = seed == candidate.keep[0]
    folder = prepared.folder / "model" if first else prepared.folder / _WAITING / _member(seed)
    write_model(prepared, candidate, folder, describe_model(prepared, candidate, model), model)


def write_model(
    prepared: Prepared, candidate: Candidate, folder: Path, about: ModelDescription, model: TrainedModel
) -> None:
    """Write a trained model into ``folder``."""
    tokenizer = prepared.of(candidate.params).tokenizer
    save_model(folder, about, trained_encoder(prepared, candidate), model.encoder_state, model.readout, tokenizer)


def trained_encoder(prepared: Prepared, candidate: Candidate) -> EncoderBundle:
    """The encoder with as many layers as the candidate uses."""
    layer = candidate.params.get("layer")
    return prepared.of(candidate.params).workload.encoder.up_to(None if layer is None else int(layer))


def models_missing(folder: Path, winner: Candidate) -> set[int]:
    """Seeds whose model should be in the search's folder and is not, or is another configuration's. A soup stands for
    the first of them, but not beside others: those are averaged with that seed's model."""
    soup = len(winner.keep) == 1
    places = {
        seed: [folder / "model"]
        if seed == winner.keep[0]
        else [folder / _WAITING / _member(seed), folder / "model" / MEMBERS / _member(seed)]
        for seed in winner.keep
    }
    return {seed for seed, options in places.items() if not any(_is_of(option, winner, soup) for option in options)}


def soup_is_there(folder: Path, winner: Candidate) -> bool:
    """Whether the search's model is a soup of that configuration."""
    return _is_of(folder / "model", winner, soup=True) and not _is_of(folder / "model", winner, soup=False)


def join_members(folder: Path) -> None:
    """Move members that wait into the model folder."""
    if not (folder / _WAITING).is_dir() or not (folder / "model").is_dir():
        return
    target = folder / "model" / MEMBERS
    target.mkdir(exist_ok=True)
    for member in sorted((folder / _WAITING).iterdir()):
        shutil.rmtree(target / member.name, ignore_errors=True)
        os.replace(member, target / member.name)
    (folder / _WAITING).rmdir()


def describe_model(
    prepared: Prepared, candidate: Candidate, model: TrainedModel, soup: int | None = None
) -> ModelDescription:
    """What ``tune_dml.json`` says of a trained model.

    Args:
        soup: Of how many seeds it is the mean.
    """
    params, encoder = dict(candidate.params), prepared.of(candidate.params).encoder
    return ModelDescription(
        task=prepared.about.settings.task.task,
        kind=prepared.about.kind,
        text_columns=prepared.about.settings.task.text_columns,
        label_names=prepared.about.label_names,
        representation=str(params["representation"]),
        max_length=min(int(str(params["max_length"])), encoder.max_length),
        precision=prepared.workload.precision,
        readout=model.readout.name,
        readout_values=dict(model.readout.values),
        config=params,
        truncation=prepared.about.settings.truncation,
        prefix=encoder.prefix,
        soup=soup,
        templates=pool_of(prepared.about.templates, params),
    )


def _is_of(folder: Path, winner: Candidate, soup: bool) -> bool:
    try:
        description = read_description(folder)
    except ModelError:
        return False
    return dict(description.config) == dict(winner.params) and (soup or description.soup is None)


def _member(seed: int) -> str:
    return f"seed-{seed}"
