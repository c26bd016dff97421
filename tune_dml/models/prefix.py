"""Training only the top layers: what lies below is run once per text, in evaluation mode, and kept."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tune_dml.errors import ConfigurationError
from tune_dml.models.tokens import Batch
from tune_dml.models.unpadded import Layout, allow_unpadded, layout_for, run_unpadded

#: Where the encoders of transformers keep their layers.
_LAYER_PATHS = ("encoder.layer", "transformer.layer", "layers", "encoder.layers")
#: What an encoder has before its layers.
_BEFORE_LAYERS = ("embeddings", "embeddings_project")


def layers_of(encoder: nn.Module) -> nn.ModuleList | None:
    """The encoder's layers, lowest first; ``None`` where they cannot be told apart."""
    owner, attribute = _find_layers(encoder)
    return None if owner is None else getattr(owner, attribute)


def reinitialise(encoder: nn.Module, layers: int) -> None:
    """Give the top ``layers`` layers random weights, as transformers gives a new encoder.

    Raises:
        ConfigurationError: the encoder's layers cannot be found.
    """
    found = layers_of(encoder)
    if found is None:
        raise ConfigurationError("The layers of this encoder cannot be told apart; set reinit_layers to 0.")
    for layer in list(found)[max(0, len(found) - layers) :]:
        for parameter in layer.parameters():
            parameter._is_hf_initialized = False  # type: ignore[attr-defined]
        for module in layer.modules():
            encoder._init_weights(module)  # type: ignore[operator]


class _Reached(Exception):
    """Ends a forward pass at the first trained layer."""

    def __init__(self, hidden: Tensor) -> None:
        self.hidden = hidden


class _Given(nn.Module):
    """Stands where the embedding layer was and hands out what the frozen layers gave."""

    hidden: Tensor

    def forward(self, *_: Any, **__: Any) -> Tensor:
        return self.hidden


class LayeredEncoder(nn.Module):
    """An encoder of which only the top ``trainable_layers`` are trained (``None``, or more than
    there are: all; 0: none), and whose hidden states are the mean of those of the top ``averaged_layers``.

    ``forward(batch)`` runs the whole encoder. ``prefix(batch)`` gives the states that enter the first layer that is
    trained, or needed for the mean, and ``top(hidden, batch)`` goes on from there: ``top(prefix(b), b)`` equals
    ``forward(b)`` in evaluation mode.

    Attributes:
        frozen_below: Number of frozen layers; ``None`` where all are trained.
        kept_below: Of those, what the prefix runs.

    Raises:
        ConfigurationError: ``trainable_layers`` is given but the encoder's layers cannot be found; or it has fewer
            layers than ``averaged_layers``.
    """

    def __init__(
        self,
        encoder: nn.Module,
        trainable_layers: int | None,
        train_word_embeddings: bool = False,
        averaged_layers: int = 1,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        allow_unpadded(encoder)
        self._owner, self._attribute = _find_layers(encoder)
        self._layers: nn.ModuleList | None = None if self._owner is None else getattr(self._owner, self._attribute)
        depth = 0 if self._layers is None else len(self._layers)
        if trainable_layers is not None and self._layers is None:
            raise ConfigurationError("The layers of this encoder cannot be told apart; set trainable_layers to 'all'.")
        if self._layers is not None and averaged_layers > depth:
            raise ConfigurationError(f"averaged_layers is {averaged_layers}; this encoder has {depth} layers.")
        self.averaged_layers = averaged_layers
        self.frozen_below = None if trainable_layers is None or trainable_layers >= depth else depth - trainable_layers
        self.kept_below = None if self.frozen_below is None else min(self.frozen_below, depth + 1 - averaged_layers)
        self._freeze(train_word_embeddings)

    def _freeze(self, train_word_embeddings: bool) -> None:
        if self.frozen_below is None:
            if not train_word_embeddings and hasattr(self.encoder, "get_input_embeddings"):
                self.encoder.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
            return
        self.encoder.requires_grad_(False)
        assert self._layers is not None
        for layer in self._layers[self.frozen_below :]:
            layer.requires_grad_(True)

    @property
    def dimension(self) -> int:
        """Of the states."""
        return int(self.encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]

    @property
    def has_prefix(self) -> bool:
        """Whether some layers are frozen, so that their output is worth keeping."""
        return self.frozen_below is not None

    def forward(self, batch: Batch) -> Tensor:
        """Hidden states, ``[texts, tokens, dimension]``; what is at padding means nothing."""
        return self._run(batch, layout_for(self.encoder, batch))

    def train(self, mode: bool = True) -> LayeredEncoder:
        """As of any module; frozen layers stay in evaluation mode."""
        super().train(mode)
        if self._layers is not None:
            for layer in self._layers[: self.frozen_below or 0]:
                layer.eval()
        return self

    def _run(self, batch: Batch, layout: Layout | None) -> Tensor:
        options = {} if self.averaged_layers == 1 else {"output_hidden_states": True}
        if layout is not None:
            return layout.pad(self._states(run_unpadded(self.encoder, batch, layout, **options)))
        types = {} if batch.types is None else {"token_type_ids": batch.types}
        return self._states(self.encoder(input_ids=batch.ids, attention_mask=batch.mask, **types, **options))

    def _states(self, given: Any) -> Tensor:
        last: Tensor = given.last_hidden_state
        return last if self.averaged_layers == 1 else torch.stack(given.hidden_states[-self.averaged_layers :]).mean(0)

    @torch.no_grad()
    def prefix(self, batch: Batch) -> Tensor:
        """States that :meth:`top` goes on from, ``[texts, tokens, dimension]``, in evaluation mode."""
        assert self._layers is not None
        assert self.kept_below is not None
        was_training = self.training
        self.eval()
        try:
            if self.kept_below == len(self._layers):
                return self(batch)  # type: ignore[no-any-return]
            layout = layout_for(self.encoder, batch)
            hook = self._layers[self.kept_below].register_forward_pre_hook(_stop, with_kwargs=True)
            try:
                self._run(batch, layout)
            except _Reached as reached:
                return reached.hidden if layout is None else layout.pad(reached.hidden)
            finally:
                hook.remove()
            raise AssertionError("the first trained layer was never reached")
        finally:
            self.train(was_training)

    def top(self, hidden: Tensor, batch: Batch) -> Tensor:
        """Hidden states from what :meth:`prefix` gave."""
        assert self._layers is not None
        assert self.kept_below is not None
        if self.kept_below == len(self._layers):
            return hidden
        given, layout = _Given(), layout_for(self.encoder, batch)
        given.hidden = hidden if layout is None else layout.pack(hidden)
        # ELECTRA has a second module before its layers, which widens the embeddings.
        before = {name: getattr(self.encoder, name) for name in _BEFORE_LAYERS if hasattr(self.encoder, name)}
        try:
            for name in before:
                setattr(self.encoder, name, given)
            setattr(self._owner, self._attribute, self._layers[self.kept_below :])
            return self._run(batch, layout)
        finally:
            for name, module in before.items():
                setattr(self.encoder, name, module)
            setattr(self._owner, self._attribute, self._layers)


def _stop(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    raise _Reached(args[0] if args else kwargs["hidden_states"])


def _find_layers(encoder: nn.Module) -> tuple[nn.Module | None, str]:
    if not isinstance(getattr(encoder, "embeddings", None), nn.Module):
        return None, ""
    for path in _LAYER_PATHS:
        owner: Any = encoder
        *parents, last = path.split(".")
        for part in parents:
            owner = getattr(owner, part, None)
        if isinstance(getattr(owner, last, None), nn.ModuleList):
            return owner, last
    return None, ""
