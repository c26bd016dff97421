"""A space fitted to an encoder: values that it cannot have become the nearest that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tune_dml.config import Choice, Domain, Int, Value
from tune_dml.errors import ConfigurationError
from tune_dml.recipe import Configuration
from tune_dml.recipe.ingredients.head_layers import MASKED_LM
from tune_dml.spaces.space import Parameter, Space, possible_values

if TYPE_CHECKING:
    from tune_dml.models.encoder import EncoderBundle


@dataclass(frozen=True)
class _Rule:
    """How values of hyperparameter ``name`` are fitted, and why; what it has ``changed`` so far."""

    name: str
    why: str
    fit: Callable[[Value], Value]
    changed: dict[Value, Value] = field(default_factory=dict)

    def __call__(self, value: Value) -> Value:
        fitting = self.fit(value)
        if fitting != value:
            self.changed[value] = fitting
        return fitting

    def sentence(self) -> str:
        to = list(dict.fromkeys(self.changed.values()))
        return f"{self.why}: {self.name} {_listed(list(self.changed))} is taken as {_listed(to)}"


def fitted(space: Space, encoder: EncoderBundle, gets_word_head: bool = False) -> tuple[Space, tuple[str, ...]]:
    """``space`` with such values of ``trainable_layers``, ``layer``, ``averaged_layers``, ``reinit_layers``,
    ``layer_decay``, ``head`` and ``max_length`` as ``encoder`` can have, and a sentence for each that was changed.

    The same object where none was.

    Args:
        gets_word_head: Whether masked-LM steps are going to give it a masked-LM head.
    """
    notes = []
    for rule in _rules(encoder, space, encoder.word_head is not None or gets_word_head):
        space = _fitted(space, rule)
        if rule.changed:
            notes.append(rule.sentence())
    return space, tuple(notes)


def replaced(space: Space, name: str, fit: Callable[[Value], Value]) -> Space:
    """``space`` with ``fit`` of each value that it has of a hyperparameter."""
    return _fitted(space, _Rule(name, "", fit))


def _rules(encoder: EncoderBundle, space: Space, word_head: bool) -> Iterator[_Rule]:
    facts = encoder.facts
    layers, runs, positions = facts.layers, facts.runs, facts.positions
    if layers is None:
        has = "its layers cannot be told apart"
        yield _Rule("trainable_layers", has, lambda value: 0 if value == 0 else None)
        yield _Rule("reinit_layers", has, lambda _: 0)
        yield _Rule("layer_decay", has, lambda _: 1.0)
    else:
        has = f"it has {_layers(layers)}"
        yield _Rule("trainable_layers", has, lambda value: None if _above(value, layers) else value)
        yield _Rule("reinit_layers", has, lambda value: layers if _above(value, layers) else value)
    depth = min(facts.depth, layers or facts.depth)
    gives = f"it gives the states of {_layers(depth)}"
    yield _Rule("averaged_layers", gives, lambda value: depth if _above(value, depth) else value)
    if "layer" in space.constants or any(parameter.name == "layer" for parameter in space.parameters):
        if _can_be_shortened(encoder):
            yield _Rule("layer", f"it has {_layers(runs or 1)}", lambda value: None if _above(value, runs) else value)
        else:
            yield _Rule("layer", "it cannot be had with fewer layers", lambda _: None)
    if not word_head and MASKED_LM in (possible_values(space, "head") or ()):
        yield _Rule("head", "it has no masked-LM head", lambda value: "linear" if value == MASKED_LM else value)
    if positions is not None:
        reads = f"it reads {positions} tokens of a text at most"
        yield _Rule("max_length", reads, lambda value: positions if _above(value, positions) else value)


def _layers(count: int) -> str:
    return f"{count} layer{'s' * (count > 1)}"


def _above(value: Value, most: int | None) -> bool:
    return isinstance(value, int | float) and most is not None and value > most


def _can_be_shortened(encoder: EncoderBundle) -> bool:
    """Whether the layers above one can be left out."""
    from tune_dml.models.encoder import check_shortened

    try:
        check_shortened(encoder.up_to(1))
    except ConfigurationError:
        return False
    return True


def _fitted(space: Space, rule: _Rule) -> Space:
    name = rule.name
    constants = {k: rule(v) if k == name else v for k, v in space.constants.items()}
    # What the space says nothing of has its default.
    usual = Configuration().to_dict()[name]
    if name not in constants and all(p.name != name for p in space.parameters) and rule(usual) != usual:
        constants[name] = rule(usual)
    parameters = []
    for parameter in space.parameters:
        if parameter.name == name:
            domain = _domain(parameter.domain, rule)
            if isinstance(domain, Choice) and len(domain.options) == 1 and not parameter.when:
                constants[name] = domain.options[0]
                continue
            parameter = parameter if domain == parameter.domain else replace(parameter, domain=domain)
        parameters.append(_conditions(parameter, rule))
    first = [{k: rule(v) if k == name else v for k, v in row.items()} for row in space.first]
    fresh = Space(
        space.name,
        tuple(parameters),
        constants,
        tuple(row for i, row in enumerate(first) if row not in first[:i]),
        space.notes,
    )
    return space if fresh == space else fresh


def _domain(domain: Domain, rule: _Rule) -> Domain:
    if isinstance(domain, Choice):
        return Choice(tuple(dict.fromkeys(rule(option) for option in domain.options)))
    low, high = rule(domain.low), rule(domain.high)
    if (low, high) == (domain.low, domain.high):
        return domain
    if not isinstance(domain, Int):
        return Choice((high,))
    # Of a range that reaches beyond what the encoder has: what is inside, if anything is.
    inside = [value for value in range(domain.low, domain.high + 1) if rule.fit(value) == value]
    if len(inside) > 1:
        return replace(domain, low=inside[0], high=inside[-1])
    return Choice(tuple(dict.fromkeys([*inside, high])))


def _conditions(parameter: Parameter, rule: _Rule) -> Parameter:
    name = rule.name
    if name not in parameter.when:
        return parameter
    allowed = tuple(dict.fromkeys(rule(value) for value in parameter.when[name]))
    return replace(parameter, when={**parameter.when, name: allowed})


def _listed(values: list[Value]) -> str:
    words = ["all" if value is None else f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
