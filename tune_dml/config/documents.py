"""What every file that is read back is held to: how deep it may be, and what kinds of value it may hold."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

T = TypeVar("T")

MAX_DEPTH = 16
YAML_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def line_too_deep(text: str, aliases: bool = True) -> int | None:
    """The line of a YAML text where more than ``MAX_DEPTH`` levels are open, counted from 1; ``None``: nowhere.

    Without ``aliases`` also the line of the first of them: some lines of them can stand for any amount of data.

    Composing recurses once a level, in C, where Python's recursion limit does not hold.
    """
    depth = 0
    refused = yaml.CollectionStartEvent if aliases else (yaml.CollectionStartEvent, yaml.AliasEvent)
    for event in yaml.parse(text, Loader=YAML_LOADER):
        if isinstance(event, refused):
            depth += 1
            if depth > MAX_DEPTH or isinstance(event, yaml.AliasEvent):
                return event.start_mark.line + 1 if event.start_mark else 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def from_values(kind: type[T], values: Any) -> T:
    """The dataclass ``kind`` and those in it, every value of the type that its field has; lists become tuples.

    Raises:
        TypeError, ValueError: ``values`` is no mapping, or a value is missing, unknown, or of another type.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"a mapping is expected, not {type(values).__name__}")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise TypeError(f"{name} is missing")
    return kind(**{name: _held(hints[name], v, name) if name in known else v for name, v in values.items()})


def _one_of(hints: list[Any], value: Any, name: str) -> Any:
    for hint in hints[:-1]:
        try:
            return _held(hint, value, name)
        except TypeError:
            continue
    return _held(hints[-1], value, name)


def _held(hint: Any, value: Any, name: str) -> Any:
    """``value``, if it is what ``hint`` says."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        return _one_of([option for option in inner if option is not type(None)], value, name)
    if is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else from_values(hint, value)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_held(inner[0], item, name) for item in value)
    if origin in (dict, Mapping) and isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return dict(value)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not -sys.float_info.max <= value <= sys.float_info.max:
            raise ValueError(f"{name} cannot be {value}")
        return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and isinstance(value, bool) == (hint is bool):
        if isinstance(value, str):
            # What JSON can escape but nothing can write.
            value.encode()
        return value
    raise TypeError(f"{name} cannot be {type(value).__name__}")
