"""Training only the top layers: what lies below is run once per text, in evaluation mode, and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from tune_dml.errors import ConfigurationError
from tune_dml.models.structure import Stack, accepted, rows_of, stack_of, text_config, token_types, word_embeddings
from tune_dml.models.tokens import Batch
from tune_dml.models.unpadded import Layout, allow_unpadded, layout_for, run_unpadded

#: What an encoder has before its layers.
_BEFORE_LAYERS = ("embeddings", "embeddings_project")


@dataclass(frozen=True)
class Traits:
    """How an encoder has to be run.

    Attributes:
        masks: Whether padding changes nothing; texts of different lengths are run apart where it does.
        prefix: How the top layers are run without those below: ``slice`` (embeddings and lower layers are left out),
            ``skip`` (lower layers hand on what they get) or nothing: they cannot be.
        outputs: With ``skip``: how many things a layer gives, the states first; 0: the states alone.
        dimension: Of its hidden states; ``None``: what its configuration says.
    """

    masks: bool = True
    prefix: str = ""
    outputs: int = 0
    dimension: int | None = None


def layers_of(encoder: nn.Module) -> Sequence[nn.Module] | None:
    """The encoder's layers, lowest first; ``None`` where they cannot be told apart."""
    stack = stack_of(encoder)
    return None if stack is None else stack.layers


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


class _Skipped(nn.Module):
    """Stands where a frozen layer was and hands on what it gets; its other attributes are that layer's."""

    def __init__(self, layer: nn.Module, outputs: int) -> None:
        super().__init__()
        self.__dict__["layer"], self.outputs = layer, outputs

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        hidden = _states_given(args, kwargs)
        return (hidden, *[None] * (self.outputs - 1)) if self.outputs else hidden

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["layer"], name)


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
        sliced = self.traits.prefix == "slice" and _can_be_sliced(self.encoder, self._stack)
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
        assert self.kept_below is not None
        if self.kept_below == len(self._layers):
            return hidden
        layout = layout_for(self.encoder, batch)
        entering = hidden if layout is None else layout.pack(hidden)
        with self._sliced(entering) if self.traits.prefix == "slice" else self._skipping(entering):
            return self._run(batch, layout)

    @contextmanager
    def _sliced(self, hidden: Tensor) -> Iterator[None]:
        assert self._stack is not None
        assert self._stack.owner is not None
        given = _Given()
        given.hidden = hidden
        # ELECTRA has a second module before its layers, which widens the embeddings.
        before = {name: getattr(self.encoder, name) for name in _BEFORE_LAYERS if hasattr(self.encoder, name)}
        whole = getattr(self._stack.owner, self._stack.attribute)
        try:
            for name in before:
                setattr(self.encoder, name, given)
            setattr(self._stack.owner, self._stack.attribute, whole[self.kept_below :])
            yield
        finally:
            for name, module in before.items():
                setattr(self.encoder, name, module)
            setattr(self._stack.owner, self._stack.attribute, whole)

    @contextmanager
    def _skipping(self, hidden: Tensor) -> Iterator[None]:
        assert self._stack is not None
        assert self._stack.owner is not None
        below, above = self._layers[: self.kept_below], self._layers[self.kept_below :]
        whole = getattr(self._stack.owner, self._stack.attribute)
        skipped = [_Skipped(layer, self.traits.outputs) for layer in below]
        hook = above[0].register_forward_pre_hook(_enter(hidden), with_kwargs=True)
        try:
            setattr(self._stack.owner, self._stack.attribute, nn.ModuleList([*skipped, *above]))
            yield
        finally:
            setattr(self._stack.owner, self._stack.attribute, whole)
            hook.remove()


def _states_given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs["hidden_states"]


def _stop(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    raise _Reached(_states_given(args, kwargs))


def _enter(hidden: Tensor) -> Any:
    def entered(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        return ((hidden, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": hidden})

    return entered


def _can_be_sliced(encoder: nn.Module, stack: Stack | None) -> bool:
    """Whether all that comes before the layers is in modules that can be left out, and layers are alike."""
    kinds = getattr(encoder.config, "layer_types", None) or ()
    before: Any = getattr(encoder, "embeddings", None)
    return isinstance(before, nn.Module) and stack is not None and stack.owner is not None and len(set(kinds)) < 2
