"""Running only the top layers of an encoder, or only those below."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from tune_dml.models.structure import Stack

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


class Reached(Exception):
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


@contextmanager
def sliced(encoder: nn.Module, stack: Stack, below: int, hidden: Tensor) -> Iterator[None]:
    """``encoder`` without its lowest ``below`` layers and all that comes before them: ``hidden`` enters the next."""
    assert stack.owner is not None
    given = _Given()
    given.hidden = hidden
    # ELECTRA has a second module before its layers, which widens the embeddings.
    before = {name: getattr(encoder, name) for name in _BEFORE_LAYERS if hasattr(encoder, name)}
    whole = getattr(stack.owner, stack.attribute)
    try:
        for name in before:
            setattr(encoder, name, given)
        setattr(stack.owner, stack.attribute, whole[below:])
        yield
    finally:
        for name, module in before.items():
            setattr(encoder, name, module)
        setattr(stack.owner, stack.attribute, whole)


@contextmanager
def skipping(stack: Stack, below: int, hidden: Tensor, outputs: int) -> Iterator[None]:
    """The encoder of ``stack``, its lowest ``below`` layers handing on what they get: ``hidden`` enters the next."""
    assert stack.owner is not None
    whole = getattr(stack.owner, stack.attribute)
    skipped = [_Skipped(layer, outputs) for layer in stack.layers[:below]]
    hook = stack.layers[below].register_forward_pre_hook(_enter(hidden), with_kwargs=True)
    try:
        setattr(stack.owner, stack.attribute, nn.ModuleList([*skipped, *stack.layers[below:]]))
        yield
    finally:
        setattr(stack.owner, stack.attribute, whole)
        hook.remove()


def _states_given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs["hidden_states"]


def stop(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """A hook that ends a forward pass where it stands.

    Raises:
        Reached: always.
    """
    raise Reached(_states_given(args, kwargs))


def _enter(hidden: Tensor) -> Any:
    def entered(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        return ((hidden, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": hidden})

    return entered


def can_be_sliced(encoder: nn.Module, stack: Stack | None) -> bool:
    """Whether all that comes before the layers is in modules that can be left out, and layers are alike."""
    kinds = getattr(encoder.config, "layer_types", None) or ()
    before: Any = getattr(encoder, "embeddings", None)
    return isinstance(before, nn.Module) and stack is not None and stack.owner is not None and len(set(kinds)) < 2
