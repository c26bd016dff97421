"""One entry of a space file: a constant, a range or a list of choices, perhaps by encoder size."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from tune_dml.config import SIZES, Choice, Domain, Float, Int, Value
from tune_dml.errors import nearest
from tune_dml.recipe import INGREDIENTS, canonical
from tune_dml.spaces.nodes import Problems, items, line_of, scalar, scalars
from tune_dml.spaces.values import Mistake, coerce, limits_of

_KINDS = ("float", "int", "choices")
#: What a mapping may have that says what values a hyperparameter takes.
RANGE_WORDS = (*_KINDS, "log", "when", *SIZES)


@dataclass(frozen=True)
class Condition:
    """``name`` must have one of ``values``; stands on ``line``."""

    name: str
    values: tuple[Value, ...]
    line: int


@dataclass(frozen=True)
class Definition:
    """What one file says of one name, for one encoder size. ``domain`` is ``None`` where it could not be read.

    A constant is a choice of one.
    """

    name: str
    file: str
    line: int
    domain: Domain | None
    when: tuple[Condition, ...] = ()


def definitions_of(name: str, node: yaml.Node, file: str, line: int, problems: Problems) -> dict[str, Definition]:
    """The definition of ``name`` by encoder size."""
    if not isinstance(node, yaml.MappingNode) or not any(key.value in SIZES for key, _ in node.value):
        definition = _definition(name, node, file, line, problems)
        return dict.fromkeys(SIZES, definition)
    sized: dict[str, Definition] = {}
    shared: tuple[Condition, ...] = ()
    for key, key_node, value in items(node, file, problems):
        if key in SIZES:
            sized[key] = _definition(name, value, file, line, problems)
        elif key == "when":
            shared = _conditions(name, value, file, problems)
        else:
            text = f"{name}: '{key}' cannot stand beside small, base and large: {nearest(key, [*SIZES, 'when'])}"
            problems.add(file, line_of(key_node), text)
    for missing in {"small", "large"} - set(sized):
        problems.add(file, line, f"{name} is given by encoder size, but not for {missing}; give small and large.")
    # Older spaces know two sizes.
    sized.setdefault("base", sized.get("large", Definition(name, file, line, None)))
    nothing = Definition(name, file, line, None)
    return {
        size: Definition(name, file, line, found.domain, (*shared, *found.when))
        for size in SIZES
        for found in [sized.get(size, nothing)]
    }


def _definition(name: str, node: yaml.Node, file: str, line: int, problems: Problems) -> Definition:
    if isinstance(node, yaml.MappingNode):
        return _ranged(name, node, file, line, problems)
    domain: Domain | None = None
    try:
        if isinstance(node, yaml.SequenceNode):
            raise Mistake(f"{name} is a list; write '{{choices: [...]}}', '{{float: [low, high]}}' or one value.")
        domain = Choice((coerce(name, _scalar(name, node)),))
    except Mistake as mistake:
        problems.add(file, line_of(node), str(mistake))
    return Definition(name, file, line, domain)


def _scalar(name: str, node: yaml.Node) -> Value:
    try:
        return scalar(node)
    except Mistake as mistake:
        raise Mistake(f"{name}: {mistake}") from None


def _ranged(name: str, node: yaml.MappingNode, file: str, line: int, problems: Problems) -> Definition:
    kinds: dict[str, yaml.Node] = {}
    when: tuple[Condition, ...] = ()
    log = False
    broken = False
    for key, key_node, value in items(node, file, problems):
        if key in _KINDS:
            kinds[key] = value
        elif key == "when":
            when = _conditions(name, value, file, problems)
        elif key == "log":
            found = value.value.lower() if isinstance(value, yaml.ScalarNode) else ""
            log = found in ("true", "yes", "on")
            if not log and found not in ("false", "no", "off"):
                problems.add(file, line_of(value), f"{name}: log is true or false.")
        else:
            broken = True
            text = f"{name}: '{key}' is not part of a range: {nearest(key, RANGE_WORDS)}"
            problems.add(file, line_of(key_node), text)
    if len(kinds) != 1:
        # A misspelt kind has been reported already.
        if kinds or not broken:
            problems.add(file, line, f"{name} must have exactly one of float, int and choices.")
        return Definition(name, file, line, None, when)
    kind, value = next(iter(kinds.items()))
    domain: Domain | None = None
    try:
        if kind == "choices":
            if log:
                raise Mistake(f"{name}: log belongs to float and int ranges, not to choices.")
            domain = _choices(name, value)
        else:
            domain = _range(name, kind, value, log)
    except Mistake as mistake:
        problems.add(file, line_of(value), str(mistake))
    return Definition(name, file, line, domain, when)


def _choices(name: str, node: yaml.Node) -> Choice:
    try:
        raw = scalars(node)
    except Mistake as mistake:
        raise Mistake(f"{name}: {mistake}") from None
    if not raw:
        raise Mistake(f"{name} has no choices; list at least one.")
    options: list[Value] = []
    for value in raw:
        option = coerce(name, value)
        if option in options:
            raise Mistake(f"{name} lists '{value}' twice; keep one.")
        options.append(option)
    return Choice(tuple(options))


def _range(name: str, kind: str, node: yaml.Node, log: bool) -> Float | Int:
    limits = limits_of(name)
    if isinstance(limits, Choice):
        raise Mistake(f"{name} is not a number; write '{{choices: [...]}}' with some of: {limits}.")
    if kind == "float" and isinstance(limits, Int):
        raise Mistake(f"{name} is a whole number; write '{{int: [low, high]}}'.")
    try:
        ends = scalars(node)
    except Mistake as mistake:
        raise Mistake(f"{name}: {mistake}") from None
    if len(ends) != 2:
        raise Mistake(f"{name}: a range has two numbers, [low, high], not {len(ends)}.")
    low, high = (coerce(name, end) for end in ends)
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise Mistake(f"{name}: a range has two numbers; to allow 'all', list the values with choices.")
    if low > high:
        raise Mistake(f"{name}: low {low:g} is above high {high:g}; write [{high:g}, {low:g}].")
    if low == high:
        raise Mistake(f"{name}: the range [{low:g}, {high:g}] is empty; for a constant write '{name}: {low:g}'.")
    if log and low <= 0:
        raise Mistake(f"{name}: a log range must start above 0, not at {low:g}.")
    if kind == "float":
        return Float(float(low), float(high), log)
    if low != int(low) or high != int(high):
        raise Mistake(f"{name}: an int range has whole numbers.")
    return Int(int(low), int(high), log)


def _conditions(name: str, node: yaml.Node, file: str, problems: Problems) -> tuple[Condition, ...]:
    if not isinstance(node, yaml.MappingNode):
        problems.add(file, line_of(node), f"{name}: when is a mapping, such as 'when: {{loss: [softtriple]}}'.")
        return ()
    found = []
    for parent, key_node, value in items(node, file, problems):
        try:
            if parent in INGREDIENTS:
                switch = INGREDIENTS[parent].switch
                raise Mistake(f"'{parent}' is an ingredient; write '{parent}/{switch}: [...]'.")
            limits_of(parent)
            raw = scalars(value) if isinstance(value, yaml.SequenceNode) else [scalar(value)]
            if not raw:
                raise Mistake(f"'{parent}' lists no value, so this never applies.")
            found.append(Condition(canonical(parent), tuple(coerce(parent, v) for v in raw), line_of(key_node)))
        except Mistake as mistake:
            problems.add(file, line_of(key_node), f"{name}: when: {mistake}")
    return tuple(found)
