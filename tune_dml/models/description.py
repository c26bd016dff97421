"""``tune_dml.json``: what is known of a saved model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_dml.config import PRECISIONS, TRUNCATIONS, Choice, from_values
from tune_dml.data import KINDS, template
from tune_dml.errors import ConfigurationError, DataError, ModelError
from tune_dml.models.prompt_scoring import Prompts, prompts_of
from tune_dml.models.readouts import READOUT_SPECS
from tune_dml.recipe import configuration_from, domains

FORMAT = 1
DESCRIPTION_FILE = "tune_dml.json"
_LEAST = {1: "one label", 2: "two classes"}


@dataclass(frozen=True)
class ModelDescription:
    """What ``tune_dml.json`` holds.

    Attributes:
        kind: Its name out of :data:`tune_dml.data.kinds.KINDS`.
        precision: Of the forward passes that scored it.
        readout, readout_values: Its name, and its plain values (arrays are in ``readout.safetensors``).
        config: What was trained, flat.
        truncation: Which tokens of a text are kept that is longer than ``max_length``.
        prefix: What every text begins with when the encoder reads it.
        soup: Of how many seeds its weights are the mean; ``None``: they are those of one.
        templates: What texts are put in; as many as the pool of the configuration's prompts has.
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
    soup: int | None = None
    templates: tuple[str, ...] = ()

    @property
    def pair_encoding(self) -> str:
        """``joint``, ``towers`` or ``similarity``."""
        return str(self.config.get("pair_encoding", "joint"))

    @property
    def prompts(self) -> Prompts | None:
        """How texts in templates are scored; ``None`` where they are not put in any."""
        return prompts_of(configuration_from({**self.config, "readout": "logistic"}))

    @property
    def averaged_layers(self) -> int:
        """Top layers whose hidden states are averaged."""
        return int(self.config.get("averaged_layers", 1))


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
    if description.kind not in KINDS:
        known = Choice(tuple(KINDS))
        raise ModelError(f"{file}: kind is {description.kind!r}; it must be {known}, or one that --loss-plugin brings.")
    if description.readout not in READOUT_SPECS or description.readout not in KINDS[description.kind].target.readouts:
        raise ModelError(f"{file} names a read-out '{description.readout}' that does not exist.")
    for name, given, valid in (
        ("precision", description.precision, Choice(PRECISIONS)),
        ("representation", description.representation, domains()["representation"]),
        ("max_length", description.max_length, domains()["max_length"]),
        ("truncation", description.truncation, Choice(TRUNCATIONS)),
    ):
        if not valid.contains(given):
            raise ModelError(f"{file}: {name} is {given!r}; it must be {valid}.")
    least = KINDS[description.kind].target.least_names
    if len(set(description.label_names)) != len(description.label_names) or len(description.label_names) < least:
        raise ModelError(f"{file}: label_names must name {_LEAST[least]} or more, each once.")
    try:
        pairs = KINDS[description.kind].texts.count > 1
        found = [template(text, pairs) for text in description.templates]
        pool = 0 if (prompts := description.prompts) is None else prompts.pool
    except (ConfigurationError, DataError) as error:
        raise ModelError(f"{file} is damaged ({error}); train the model again.") from None
    if len(found) != pool:
        raise ModelError(f"{file} is damaged (it has {len(found)} templates of {pool}); train the model again.")
    encoding = config.of("pairs")["encoding"]
    if encoding != "joint" and KINDS[description.kind].texts.count < 2:
        raise ModelError(f"{file}: pair_encoding is '{encoding}', but the model is one of single texts.")
    return description
