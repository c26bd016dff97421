"""A trained classifier as a folder: encoder and tokenizer in the Hugging Face layout, read-out and label names beside
them. Safetensors and JSON only."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import LIMITS, PRECISIONS, TRUNCATIONS, Choice, configuration_from, from_values
from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models.readouts import READOUT_SPECS, FittedReadout, class_probabilities

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.encoder import EncoderBundle

FORMAT = 1
DESCRIPTION_FILE = "tune_dml.json"
READOUT_FILE = "readout.safetensors"
#: Folder of further models of the same kind, whose probabilities are averaged with this one's.
MEMBERS = "members"


@dataclass(frozen=True)
class ModelDescription:
    """What ``tune_dml.json`` holds.

    Attributes:
        kind: ``single`` or ``pair``.
        precision: Of the forward passes that scored it.
        readout, readout_values: Its name, and its plain values (arrays are in ``readout.safetensors``).
        config: What was trained, flat.
        truncation: Which tokens of a text are kept that is longer than ``max_length``.
        prefix: What every text begins with when the encoder reads it.
        text_columns: Of the data that it was trained on, where they were named; looked for before the usual ones.
    """

    task: str
    kind: str
    label_names: tuple[str, ...]
    representation: str
    max_length: int
    precision: str
    readout: str
    readout_values: Mapping[str, Any]
    config: Mapping[str, Any]
    truncation: str = "head"
    prefix: str = ""
    text_columns: tuple[str, ...] = ()

    @property
    def pair_encoding(self) -> str:
        """``joint`` or ``towers``."""
        return str(self.config.get("pair_encoding", "joint"))

    @property
    def averaged_layers(self) -> int:
        """Top layers whose hidden states are averaged."""
        return int(self.config.get("averaged_layers", 1))


def save_model(
    folder: Path,
    description: ModelDescription,
    encoder: EncoderBundle,
    encoder_state: Mapping[str, npt.NDArray[np.float32]],
    readout: FittedReadout,
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    """Write a model folder, whole or not at all; one that is there already is replaced."""
    from safetensors.numpy import save_file

    from tune_dml.models.sentence_folder import write_for_others

    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        config = json.loads(encoder.config)
        config.pop("_name_or_path", None)
        (temporary / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        save_file(
            {k: np.ascontiguousarray(v) for k, v in encoder_state.items()},
            temporary / "model.safetensors",
            {"format": "pt"},
        )
        save_file({k: np.ascontiguousarray(v) for k, v in readout.arrays.items()}, temporary / READOUT_FILE)
        tokenizer.save_pretrained(temporary)
        write_for_others(temporary, description, config, tokenizer, encoder.dimension, encoder.name)
        about = {"format": FORMAT, **description.__dict__}
        (temporary / DESCRIPTION_FILE).write_text(
            json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        os.chmod(temporary, 0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_description(folder: Path) -> ModelDescription:
    """Raises:
    ModelError: ``folder`` is not a model folder of this tool, or of a version it does not know.
    """
    file = folder / DESCRIPTION_FILE
    if not file.is_file():
        what = "is not a folder" if not folder.is_dir() else f"has no {DESCRIPTION_FILE}"
        raise ModelError(f"{folder} {what}: give the model/ folder of a finished search or of 'tune-dml train'.")
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values.pop("format") != FORMAT:
            raise ModelError(f"{file} was written by another version of tune-dml; train the model again.")
        description = from_values(ModelDescription, values)
        config = configuration_from({**description.config, "readout": "logistic"})
    except (OSError, RecursionError, ValueError, LookupError, TypeError, AttributeError, ConfigurationError) as error:
        raise ModelError(f"{file} is damaged ({error}); train the model again.") from None
    if description.readout not in READOUT_SPECS:
        raise ModelError(f"{file} names a read-out '{description.readout}' that does not exist.")
    for name, given, valid in (
        ("kind", description.kind, Choice(("single", "pair"))),
        ("precision", description.precision, Choice(PRECISIONS)),
        ("representation", description.representation, LIMITS["representation"]),
        ("max_length", description.max_length, LIMITS["max_length"]),
        ("truncation", description.truncation, Choice(TRUNCATIONS)),
    ):
        if not valid.contains(given):
            raise ModelError(f"{file}: {name} is {given!r}; it must be {valid}.")
    if len(set(description.label_names)) != len(description.label_names) or len(description.label_names) < 2:
        raise ModelError(f"{file}: label_names must name two classes or more, each once.")
    if config.pair_encoding == "towers" and description.kind == "single":
        raise ModelError(f"{file}: pair_encoding is 'towers', but the model is one of single texts.")
    return description


def read_readout(folder: Path, description: ModelDescription, dimension: int) -> FittedReadout:
    """The fitted read-out beside the encoder, whose vectors have ``dimension`` entries.

    Raises:
        ModelError: it is missing, damaged, or does not go with the encoder and the label names.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(folder / READOUT_FILE)
    except (OSError, SafetensorError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / READOUT_FILE} cannot be read ({error}); train the model again.") from None
    readout = FittedReadout(description.readout, arrays, description.readout_values)
    try:
        with np.errstate(all="ignore"):
            probe = class_probabilities(readout, np.zeros((1, dimension), dtype=np.float32))
        fits = probe.shape == (1, len(description.label_names)) and bool(np.isfinite(probe).all())
    except Exception:  # missing or misshapen arrays fail wherever they are first used
        fits = False
    if not fits:
        raise ModelError(f"{folder / READOUT_FILE} does not go with {DESCRIPTION_FILE} and the encoder beside it.")
    return readout
