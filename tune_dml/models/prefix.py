"""Training only the top layers: what lies below is run once per text, in evaluation mode, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from tune_dml.errors import ConfigurationError
from tune_dml.models.partial import Reached, Traits, can_be_sliced, skipping, sliced, stop
from tune_dml.models.structure import accepted, rows_of, stack_of, text_config, token_types, word_embeddings
from tune_dml.models.tokens import Batch
from tune_dml.models.unpadded import Layout, allow_unpadded, layout_for, run_unpadded


def layers_of(encoder: nn.Module) -> Sequence[nn.Module] | None:
    """The encoder's layers, lowest first; ``None`` where they cannot be told apart."""
    stack = stack_of(encoder)
    return None if stack is None else stack.layers


class LayeredEncoder(nn.Module):
    """An encoder of which only the top ``trainable_layers`` are trained (``None``, or more than
    there are: all; 0: none), and whose hidden states are the mean of those of the top ``averaged_layers``.

    ``forward(batch)`` runs the whole encoder. ``prefix(batch)`` gives the states that enter the first layer that is
    trained, or needed for the mean, and ``top(hidden, batch)`` goes on from there: ``top(prefix(b), b)`` equals
    ``forward(b)`` in evaluation mode.

    Args:
        traits: As :func:`tune_dml.models.facts.facts_of` found them; where they are not given, those of a family like
            BERT.

    Attributes:
        frozen_below: Number of frozen layers; ``None`` where all are trained.
        kept_below: Of those, what the prefix runs; ``None`` where all are trained, or what frozen layers give cannot be
            kept, so that they run in every step.
        rows: Of its table of tokens; ``None`` where it has none.

    Raises:
        ConfigurationError: some layers shall be trained and others not, but they cannot be told apart; or the encoder
            has fewer layers than ``averaged_layers``.
    """

    def __init__(
        self,
        encoder: nn.Module,
        trainable_layers: int | None,
        train_word_embeddings: bool = False,
        averaged_layers: int = 1,
        traits: Traits | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        allow_unpadded(encoder)
        self._stack = stack_of(encoder)
        self._layers: Sequence[nn.Module] = () if self._stack is None else self._stack.layers
        depth = len(self._layers)
        if trainable_layers and self._stack is None:
            raise ConfigurationError("The layers of this encoder cannot be told apart; set trainable_layers to 'all'.")
        if depth and averaged_layers > depth:
            raise ConfigurationError(f"averaged_layers is {averaged_layers}; this encoder has {depth} layers.")
        self.traits = traits or Traits(prefix="slice")
        self.averaged_layers = averaged_layers
        whole = trainable_layers is None or (depth and trainable_layers >= depth)
        self.frozen_below = None if whole else depth - (trainable_layers or 0)
        self.kept_below = self._kept_below(depth)
        arguments = accepted(encoder)
        self.takes_mask = "attention_mask" in arguments
        self._types = token_types(encoder) > 1
        self.rows = rows_of(encoder)
        self._freeze(train_word_embeddings)

    def _kept_below(self, depth: int) -> int | None:
        if self.frozen_below is None:
            return None
        # Of layers that cannot be told apart, the mean is kept.
        below = min(self.frozen_below, depth + 1 - self.averaged_layers) if depth else 0
        if below == depth:
            return below
        sliced = self.traits.prefix == "slice" and can_be_sliced(self.encoder, self._stack)
        # What a skipped layer hands on is not its state, which the mean needs.
        skipped = self.traits.prefix == "skip" and self.averaged_layers == 1
        if sliced or skipped:
            return below
        return depth if self.frozen_below == depth else None

    def _freeze(self, train_word_embeddings: bool) -> None:
        if self.frozen_below is None:
            table = word_embeddings(self.encoder)
            if not train_word_embeddings and table is not None:
                table.requires_grad_(False)
            return
        self.encoder.requires_grad_(False)
        for layer in self._layers[self.frozen_below :]:
            layer.requires_grad_(True)

    @property
    def dimension(self) -> int:
        """Of the states."""
        return self.traits.dimension or int(text_config(self.encoder).hidden_size)

    @property
    def has_prefix(self) -> bool:
        """Whether some layers are frozen, and their output can be kept."""
        return self.kept_below is not None

    def forward(self, batch: Batch) -> Tensor:
        """Hidden states, ``[texts, tokens, dimension]``; what is at padding means nothing."""
        if not self.traits.masks and not bool(batch.mask.all()):
            return self._by_length(batch)
        return self._run(batch, layout_for(self.encoder, batch))

    def _by_length(self, batch: Batch) -> Tensor:
        """Texts of each length apart, without padding."""
        lengths = batch.mask.sum(1)
        result: Tensor | None = None
        for length in lengths.unique().tolist():
            rows = (lengths == length).nonzero().squeeze(1)
            types = None if batch.types is None else batch.types[rows, :length]
            states = self._run(Batch(batch.ids[rows, :length], batch.mask[rows, :length], types), None)
            if result is None:
                result = states.new_zeros(*batch.ids.shape, states.shape[-1])
            result = result.index_copy(0, rows, nn.functional.pad(states, (0, 0, 0, batch.ids.shape[1] - length)))
        assert result is not None
        return result

    def train(self, mode: bool = True) -> LayeredEncoder:
        """As of any module; what is frozen stays in evaluation mode."""
        super().train(mode)
        if self.frozen_below is not None:
            self.encoder.eval()
            for layer in self._layers[self.frozen_below :]:
                layer.train(mode)
        return self

    def _run(self, batch: Batch, layout: Layout | None) -> Tensor:
        options = {} if self.averaged_layers == 1 else {"output_hidden_states": True}
        if not self._types:
            batch = replace(batch, types=None)
        if layout is not None:
            return layout.pad(self._states(run_unpadded(self.encoder, batch, layout, **options)))
        return self._states(self._given(batch, **options))

    def _given(self, batch: Batch, **options: Any) -> Any:
        types = {} if batch.types is None else {"token_type_ids": batch.types}
        mask = {"attention_mask": batch.mask} if self.takes_mask else {}
        # A tokenizer may pad with a token that its encoder has no row for.
        ids = batch.ids if self.rows is None else batch.ids.clamp(max=self.rows - 1)
        return self.encoder(input_ids=ids, **mask, **types, **options)

    def _states(self, given: Any) -> Tensor:
        last: Tensor = given.last_hidden_state
        return last if self.averaged_layers == 1 else torch.stack(given.hidden_states[-self.averaged_layers :]).mean(0)

    def all_states(self, batch: Batch) -> tuple[Tensor, ...]:
        """Of every layer that the encoder gives them of, the last at the end: ``[texts, tokens, dimension]`` each.

        Raises:
            AttributeError: the encoder gives no hidden states.
        """
        try:
            given = self._given(batch, output_hidden_states=True)
        except TypeError:
            given = self._given(batch)
        return (*(getattr(given, "hidden_states", None) or ())[:-1], given.last_hidden_state)

    @torch.no_grad()
    def prefix(self, batch: Batch) -> Tensor:
        """States that :meth:`top` goes on from, ``[texts, tokens, dimension]``, in evaluation mode."""
        assert self.kept_below is not None
        was_training = self.training
        self.eval()
        try:
            if self.kept_below == len(self._layers):
                return self(batch)  # type: ignore[no-any-return]
            layout = layout_for(self.encoder, batch)
            hook = self._layers[self.kept_below].register_forward_pre_hook(stop, with_kwargs=True)
            try:
                self._run(batch, layout)
            except Reached as reached:
                return reached.hidden if layout is None else layout.pad(reached.hidden)
            finally:
                hook.remove()
            raise AssertionError("the first trained layer was never reached")
        finally:
            self.train(was_training)

    def top(self, hidden: Tensor, batch: Batch) -> Tensor:
        """Hidden states from what :meth:`prefix` gave."""
        assert self.kept_below is not None
        if self.kept_below == len(self._layers):
            return hidden
        layout = layout_for(self.encoder, batch)
        entering = hidden if layout is None else layout.pack(hidden)
        assert self._stack is not None
        if self.traits.prefix == "slice":
            alone = sliced(self.encoder, self._stack, self.kept_below, entering)
        else:
            alone = skipping(self._stack, self.kept_below, entering, self.traits.outputs)
        with alone:
            return self._run(batch, layout)
