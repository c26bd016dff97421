"""The encoder with what is trained of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder
from tune_dml.models.kept import KeptStates, kept_states
from tune_dml.models.prefix import LayeredEncoder, layers_of
from tune_dml.models.prompt_scoring import prompts_of
from tune_dml.models.representation import prepared, width
from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import INGREDIENTS, Configuration, EncoderParts


class Model:
    """An encoder as a configuration wants it: so many layers, some of them trained, some perhaps with random weights.

    Args:
        seed: Of all random numbers of PyTorch from here on.

    Attributes:
        config: With no more tokens of a text than the encoder has positions for.
        pair_encoding: ``joint``, ``towers`` or ``similarity``.
        width: Of an example's vector.
        prompts: Where texts are in templates.
        word_head: Of the encoder's masked-LM training, where there is one.
        seed: Of all random numbers.

    Raises:
        ConfigurationError: the encoder cannot be had like that.
    """

    def __init__(
        self, config: Configuration, bundle: EncoderBundle, seed: int, device: torch.device, precision: str
    ) -> None:
        self.config = config = readable(config, bundle)
        self.device, self.precision, self.seed = device, precision, seed
        self.prompts = prompts_of(config)
        bundle = bundle.up_to(config.of("layer_choice")["layer"])
        encoder = build_encoder(bundle, config.dropout)
        # Not before: the first encoder that a process builds draws random numbers.
        torch.manual_seed(seed)
        trained = config.trainable_layers
        for name, values in config.on().items():
            if (change := INGREDIENTS[name].on_encoder) is not None:
                change(values, EncoderParts(encoder, layers_of(encoder), trained, config.epochs))
        averaged = config.of("layer_average")["layers"]
        layered = LayeredEncoder(encoder, trained, config.train_word_embeddings, averaged, bundle.facts.traits)
        self.encoder = layered.to(device)
        self.pair_encoding = str(config.of("pairs")["encoding"])
        self.width = width(bundle.dimension, self.pair_encoding)
        self.word_head = bundle.word_head
        self._sha256 = bundle.sha256

    def prepared(self, texts: TokenArrays) -> TokenArrays:
        """Texts as the encoder shall see them."""
        config = self.config
        if self.prompts is not None:
            return self.prompts.scored(texts, config.max_length)
        return prepared(texts, config.representation, config.max_length, self.pair_encoding)

    def kept(self, texts: TokenArrays) -> KeptStates | None:
        """What frozen layers give for prepared ``texts``, where that is kept."""
        return kept_states(self.encoder, self._sha256, texts, self.config.max_length, self.device, self.precision)

    def embed(self, texts: TokenArrays) -> npt.NDArray[np.float32]:
        """Vectors of prepared ``texts`` by the encoder as it is now: float32 ``[examples, width]``; with prompts, of
        each view of them, as :meth:`Prompts.vectors` has it."""
        config, kept = self.config, self.kept(texts)
        found = embed(
            self.encoder,
            texts,
            config.representation,
            config.max_length,
            self.device,
            self.precision,
            kept,
            self.pair_encoding,
        )
        return found if self.prompts is None else self.prompts.vectors(found)


def readable(config: Configuration, encoder: EncoderBundle) -> Configuration:
    """With no more tokens of a text than the encoder has positions for."""
    positions = encoder.positions
    return config if positions is None or config.max_length <= positions else replace(config, max_length=positions)
