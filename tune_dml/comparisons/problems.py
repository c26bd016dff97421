"""Everything wrong with the file of a comparison, with its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tune_dml.config import MAX_DEPTH, YAML_LOADER, line_too_deep
from tune_dml.errors import UsageError

#: Of a file, aliases followed.
_MOST_VALUES = 200_000


class Problems:
    """Gathered, to be raised at once.

    Attributes:
        file: Its name.
        lines: Of the file, by the keys that lead there.
    """

    def __init__(self, file: str) -> None:
        self.found: dict[tuple[int, str], None] = {}
        self.lines: dict[tuple[str, ...], int] = {}
        self.file = file

    def add(self, where: tuple[str, ...], sentence: str) -> None:
        """Of what stands at ``where``, or above it."""
        line = next((self.lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in self.lines), 0)
        self.found[line, sentence] = None

    def raise_any(self) -> None:
        """
        Raises:
            UsageError: there are problems.
        """
        lines = [f"{self.file}:{line}: {text}" if line else f"{self.file}: {text}" for line, text in sorted(self.found)]
        if len(lines) == 1:
            raise UsageError(lines[0])
        if lines:
            raise UsageError("\n".join([f"The comparison has {len(lines)} problems:", *lines[:100]]))


def loaded(text: str, problems: Problems) -> dict[str, Any]:
    """The mapping in a text, empty where there is none; ``problems`` learns why, and the lines of its keys."""
    try:
        line = line_too_deep(text)
        if line is not None:
            raise ValueError(f"line {line} is nested deeper than {MAX_DEPTH} levels")
        root = yaml.compose(text, Loader=YAML_LOADER)
        _check_size(root)
        values = yaml.load(text, Loader=YAML_LOADER)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        problems.add((), f"This is not valid YAML: {' '.join(str(error).split())}.")
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        problems.add((), "A comparison is a mapping with tasks, shots, draws and arms.")
        return {}
    problems.lines = dict(_lines(root, ()))
    _check_keys(root, problems)
    return values


def _check_size(root: Any) -> None:
    """Some lines of aliases can stand for any amount of data, or for themselves.

    Raises:
        ValueError: they do.
    """
    sizes: dict[int, int | None] = {}

    def size(node: Any) -> int:
        if not isinstance(node, yaml.CollectionNode):
            return 1
        if id(node) in sizes:
            known = sizes[id(node)]
            if known is None:
                raise ValueError(f"line {node.start_mark.line + 1} has an alias that stands for itself")
            return known
        sizes[id(node)] = None
        parts = (part for inner in node.value for part in (inner if isinstance(inner, tuple) else (inner,)))
        found = sizes[id(node)] = 1 + sum(map(size, parts))
        if found > _MOST_VALUES:
            raise ValueError(f"line {node.start_mark.line + 1} stands for more than {_MOST_VALUES:,} values")
        return found

    size(root)


def _check_keys(node: Any, problems: Problems) -> None:
    """YAML would take the last of two alike, without a word."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                problems.found[key.start_mark.line + 1, f"'{key.value}' is given twice."] = None
            seen.add(str(key.value))
    for inner in node.value if isinstance(node, yaml.CollectionNode) else ():
        for part in inner if isinstance(inner, tuple) else (inner,):
            _check_keys(part, problems)


def _lines(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode) and len(path) < 4:
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield (*path, key.value), key.start_mark.line + 1
                yield from _lines(value, (*path, key.value))
