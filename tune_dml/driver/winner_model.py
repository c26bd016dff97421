"""The winner's model folder: the first confirm seed, and with ``--ensemble`` the other seeds as its members."""

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

if TYPE_CHECKING:
    from tune_dml.models.encoder import EncoderBundle

#: Where members wait until the first seed's folder is there to take them.
_WAITING = "ensemble"


def save_winner(prepared: Prepared, candidate: Candidate, seed: int, model: TrainedModel) -> None:
    """Write one seed's model into the search's folder."""
    first = seed == candidate.keep[0]
    folder = prepared.folder / "model" if first else prepared.folder / _WAITING / _member(seed)
    save_model(
        folder,
        describe_model(prepared, candidate, model),
        trained_encoder(prepared, candidate),
        model.encoder_state,
        model.readout,
        prepared.of(candidate.params).tokenizer,
    )


def trained_encoder(prepared: Prepared, candidate: Candidate) -> EncoderBundle:
    """The encoder with as many layers as the candidate uses."""
    layer = candidate.params.get("layer")
    return prepared.of(candidate.params).workload.encoder.up_to(None if layer is None else int(layer))


def models_missing(folder: Path, winner: Candidate) -> set[int]:
    """Seeds whose model should be in the search's folder and is not, or is another configuration's."""
    places = {
        seed: [folder / "model"]
        if seed == winner.keep[0]
        else [folder / _WAITING / _member(seed), folder / "model" / MEMBERS / _member(seed)]
        for seed in winner.keep
    }
    return {seed for seed, options in places.items() if not any(_is_of(option, winner) for option in options)}


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


def describe_model(prepared: Prepared, candidate: Candidate, model: TrainedModel) -> ModelDescription:
    """What ``tune_dml.json`` says of a trained model."""
    params, encoder = dict(candidate.params), prepared.of(candidate.params).encoder
    return ModelDescription(
        task=prepared.about.settings.task.task,
        kind=prepared.about.kind,
        text_columns=prepared.about.settings.task.text_columns,
        label_names=prepared.about.label_names,
        representation=str(params["representation"]),
        max_length=min(int(str(params["max_length"])), encoder.max_length),
        precision=prepared.workload.precision,
        readout=candidate.readout,
        readout_values=dict(model.readout.values),
        config=params,
        truncation=prepared.about.settings.truncation,
        prefix=encoder.prefix,
    )


def _is_of(folder: Path, winner: Candidate) -> bool:
    try:
        description = read_description(folder)
    except ModelError:
        return False
    return dict(description.config) == dict(winner.params)


def _member(seed: int) -> str:
    return f"seed-{seed}"
