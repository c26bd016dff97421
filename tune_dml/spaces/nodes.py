"""From the text of a file to YAML nodes that know their line. Nothing is constructed from tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.constructor import SafeConstructor

from tune_dml.config import MAX_DEPTH, YAML_LOADER, Value, line_too_deep
from tune_dml.errors import SpaceError
from tune_dml.spaces.values import Mistake

#: No space needs more; a file that does is a mistake or an attack.
MAX_BYTES = 1_000_000
MAX_ITEMS = 1_000
MAX_LENGTH = 200

_TAG = "tag:yaml.org,2002:"


#: Problems of one space that are written out, and that are looked for: each takes time to explain.
LISTED = 200
MAX_PROBLEMS = 1_000


@dataclass
class Problems:
    """Everything wrong with a space, gathered to be raised at once."""

    found: dict[tuple[str, int, str], None] = field(default_factory=dict)

    def add(self, file: str, line: int, text: str) -> None:
        """
        Raises:
            SpaceError: there are more than ``MAX_PROBLEMS`` now.
        """
        self.found[(file, line, text)] = None
        if len(self.found) > MAX_PROBLEMS:
            self.raise_any()

    def raise_any(self) -> None:
        """
        Raises:
            SpaceError: there are problems; one line each, ``file:line: sentence``.
        """
        lines = [f"{file}:{line}: {text}" for file, line, text in sorted(self.found)]
        if len(lines) == 1:
            raise SpaceError(lines[0])
        if lines:
            more = [f"and {len(lines) - LISTED} more."] if len(lines) > LISTED else []
            count = f"{len(lines)}" if len(lines) <= MAX_PROBLEMS else f"more than {MAX_PROBLEMS}"
            raise SpaceError("\n".join([f"The search space has {count} problems:", *lines[:LISTED], *more]))


def compose(text: str) -> yaml.MappingNode:
    """The root of a YAML document that is a mapping.

    Raises:
        Mistake: it is something else. The exception's second argument is the line.
    """
    try:
        deep = line_too_deep(text)
        if deep is not None:
            raise Mistake(f"This is nested deeper than {MAX_DEPTH} levels.", deep)
        root = yaml.compose(text, Loader=YAML_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise Mistake(f"This is not valid YAML: {what}.", mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise Mistake(f"This is not valid YAML: {str(error).splitlines()[0]}.", 1) from None
    if root is None:
        raise Mistake("The file is empty; a search space is a mapping that names at least a loss.", 1)
    if not isinstance(root, yaml.MappingNode):
        raise Mistake("A search space is a mapping of names to ranges, such as 'loss: {choices: [ce, supcon]}'.", 1)
    return root


def line_of(node: yaml.Node) -> int:
    """Where ``node`` starts, counted from 1."""
    return int(node.start_mark.line) + 1


def items(node: yaml.MappingNode, file: str, problems: Problems) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Key, key node and value node of a mapping; keys that are no names or come twice are problems."""
    if len(node.value) > MAX_ITEMS:
        problems.add(file, line_of(node), f"This has {len(node.value)} entries; at most {MAX_ITEMS} are allowed.")
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = line_of(key)
        if not isinstance(key, yaml.ScalarNode) or len(key.value) > MAX_LENGTH:
            problems.add(file, line, "A key must be a name.")
        elif key.tag == _TAG + "merge":
            problems.add(file, line, "Merge keys (<<) are not part of the format; use include.")
        elif key.value in seen:
            problems.add(file, line, f"'{key.value}' is given twice, first on line {seen[key.value]}; keep one.")
        else:
            seen[key.value] = line
            yield key.value, key, value


def scalar(node: yaml.Node) -> Value:
    """The value of a plain YAML scalar.

    Raises:
        Mistake: the node is a list, a mapping, or carries a tag of its own.
    """
    if not isinstance(node, yaml.ScalarNode):
        raise Mistake("a single value is expected here, not a list or mapping.")
    if len(node.value) > MAX_LENGTH:
        raise Mistake(f"a value of {len(node.value)} characters is too long.")
    kind = node.tag.removeprefix(_TAG)
    constructor = SafeConstructor()
    try:
        if kind == "null":
            return None
        if kind == "bool":
            return bool(constructor.construct_yaml_bool(node))
        if kind == "int":
            return int(constructor.construct_yaml_int(node))
        if kind == "float":
            return float(constructor.construct_yaml_float(node))
    except (ValueError, KeyError, IndexError, OverflowError):
        raise Mistake(f"'{node.value[:40]}' cannot be read as {kind}.") from None
    if kind in ("str", "timestamp"):
        return str(node.value)
    raise Mistake(f"the tag '{node.tag}' is not part of the format.")


def scalars(node: yaml.Node) -> list[Value]:
    """The values of a YAML list of at most ``MAX_ITEMS`` scalars.

    Raises:
        Mistake: it is something else.
    """
    if not isinstance(node, yaml.SequenceNode):
        raise Mistake("a list in square brackets is expected here.")
    if len(node.value) > MAX_ITEMS:
        raise Mistake(f"the list has {len(node.value)} items; at most {MAX_ITEMS} are allowed.")
    return [scalar(item) for item in node.value]
