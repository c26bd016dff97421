"""An encoder as a masked language model: with its checkpoint's head, or a new one that shares its word embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn
from transformers import AutoModelForMaskedLM

from tune_dml.errors import ModelError
from tune_dml.models.config_file import checked_config, loaded
from tune_dml.models.encoder_source import EncoderSource


class MaskedLM:
    """A masked language model that says words at the places that are asked for alone.

    Attributes:
        model: As transformers has it, in float32.
        new: Parameters that the checkpoint does not have.
        old: The others.
    """

    def __init__(self, model: Any, missing: set[str]) -> None:
        self.model = model
        named = dict(model.named_parameters())
        self.new: list[nn.Parameter] = [parameter for name, parameter in named.items() if name in missing]
        self.old: list[nn.Parameter] = [parameter for name, parameter in named.items() if name not in missing]
        self._places: Tensor | None = None
        # Its head is most of the work, and masked tokens are few.
        model.base_model.register_forward_hook(self._only_places)

    @property
    def vocabulary(self) -> int:
        """Words that it knows."""
        return int(self.model.get_input_embeddings().num_embeddings)

    def words(self, given: dict[str, Tensor], places: Tensor) -> Tensor:
        """Logits ``[n, vocabulary]`` of the words at the ``n`` places ``[texts, tokens]`` that are true."""
        self._places = places
        found: Tensor = self.model(**given).logits
        return found[0]

    def _only_places(self, _: nn.Module, __: Any, output: Any) -> Any:
        states = output[0][self._places][None]
        return (states, *output[1:]) if isinstance(output, tuple) else type(output)(last_hidden_state=states)

    def save(self, folder: Path) -> None:
        """As a checkpoint in the Hugging Face layout."""
        self.model.save_pretrained(folder)


def load_masked_lm(source: EncoderSource) -> MaskedLM:
    """Raises:
    ModelError: transformers knows no masked language model of this family, or the encoder cannot be loaded.
    """
    config = checked_config(source)
    if type(config) not in AutoModelForMaskedLM._model_mapping:
        raise ModelError(f"{source.name} is of a family ({config.model_type}) that does not learn by masked words.")
    model, loading = loaded(AutoModelForMaskedLM, source)
    return MaskedLM(model, set(loading["missing_keys"]))
