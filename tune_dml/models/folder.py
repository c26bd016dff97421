"""A trained classifier as a folder: encoder and tokenizer in the Hugging Face layout, read-out and label names beside
them. Safetensors and JSON only."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tune_dml.errors import ModelError
from tune_dml.models.description import DESCRIPTION_FILE, FORMAT, ModelDescription
from tune_dml.models.readouts import FittedReadout, class_probabilities
from tune_dml.models.sentence_folder import write_for_others

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.encoder import EncoderBundle

READOUT_FILE = "readout.safetensors"
#: Folder of further models of the same kind, whose probabilities are averaged with this one's.
MEMBERS = "members"


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
        about = {"format": FORMAT, **{k: v for k, v in description.__dict__.items() if v is not None}}
        (temporary / DESCRIPTION_FILE).write_text(
            json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        os.chmod(temporary, 0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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
