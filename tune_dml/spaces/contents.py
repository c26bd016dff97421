"""A space file and what it includes, as definitions and rows that know where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from tune_dml.config import SIZES, Value
from tune_dml.errors import nearest
from tune_dml.losses import LOSSES
from tune_dml.recipe import INGREDIENTS, canonical, domains, places
from tune_dml.spaces.definitions import RANGE_WORDS, Definition, definitions_of
from tune_dml.spaces.nodes import MAX_BYTES, MAX_ITEMS, Problems, compose, items, line_of, scalar, scalars
from tune_dml.spaces.values import Mistake, coerce, limits_of


@dataclass(frozen=True)
class Row:
    """One entry of ``first``: each value with its line. ``size`` is the encoder size it is for, ``None`` for both."""

    number: int
    values: Mapping[str, tuple[Value, int]]
    size: str | None
    file: str
    line: int


@dataclass
class Contents:
    """What a file and those it includes say: by flat name and encoder size, in order of first mention."""

    definitions: dict[str, dict[str, Definition]] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    notes: list[str] = field(default_factory=list)


class Reader:
    """Reads each file once, however often it is included, and gathers the problems of all."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self._read: dict[Path, Contents] = {}

    def file(self, path: Path, chain: tuple[Path, ...] = ()) -> Contents:
        """
        Raises:
            Mistake: ``path`` cannot be read at all. What is wrong inside it goes to the problems.
        """
        resolved = path.resolve()
        if resolved in chain:
            names = " -> ".join(p.name for p in (*chain[chain.index(resolved) :], resolved))
            raise Mistake(f"the includes go round in a circle: {names}.")
        if len(chain) >= 20:
            raise Mistake("files are included more than 20 deep.")
        if resolved not in self._read:
            self._read[resolved] = self.text(_text(path), str(path), path.parent, (*chain, resolved))
        return self._read[resolved]

    def text(self, text: str, file: str, folder: Path | None, chain: tuple[Path, ...] = ()) -> Contents:
        """``folder`` is what includes are relative to; ``None`` where they are not allowed."""
        contents = Contents()
        try:
            root = compose(text)
        except Mistake as mistake:
            self.problems.add(file, mistake.args[1], mistake.args[0])
            return contents
        entries = list(items(root, file, self.problems))
        for key, _, node in entries:
            if key == "include":
                self._include(node, file, folder, chain, contents)
        own: dict[str, dict[str, Definition]] = {}
        for key, key_node, node in entries:
            if key == "first":
                contents.rows = self._rows(node, file)
            elif key in LOSSES or _is_group(key, node):
                self._group(key, node, file, line_of(key_node), own)
            elif key != "include":
                self._define(key, node, file, line_of(key_node), own)
                if folder is not None and key in own and (place := places().get(key)) is not None and "/" not in key:
                    contents.notes.append(f"{file}:{line_of(key_node)}: {key} is now {place[0]}: {{{place[1]}: ...}}")
        contents.definitions.update(own)
        return contents

    def _include(
        self, node: yaml.Node, file: str, folder: Path | None, chain: tuple[Path, ...], contents: Contents
    ) -> None:
        line = line_of(node)
        try:
            if folder is None:
                raise Mistake("a kept space stands on its own and cannot include files.")
            names = scalars(node) if isinstance(node, yaml.SequenceNode) else [scalar(node)]
        except Mistake as mistake:
            self.problems.add(file, line, f"include: {mistake}")
            return
        for name in names:
            try:
                if not isinstance(name, str) or not name or "\0" in name:
                    raise Mistake("give file names, such as 'include: [ranges.yaml]'.")
                included = self.file(folder / name, chain)
            except Mistake as mistake:
                self.problems.add(file, line, f"include: {mistake}")
                continue
            contents.definitions.update(included.definitions)
            contents.notes += [note for note in included.notes if note not in contents.notes]
            contents.rows = included.rows or contents.rows

    def _group(self, loss: str, node: yaml.Node, file: str, line: int, own: dict[str, dict[str, Definition]]) -> None:
        if not isinstance(node, yaml.MappingNode):
            text = (
                f"'{loss}' is a loss: put a mapping of its hyperparameters below it, or choose it with 'loss: {loss}'."
            )
            self.problems.add(file, line, text)
            return
        for key, key_node, value in items(node, file, self.problems):
            self._define(f"{loss}/{key}", value, file, line_of(key_node), own)

    def _define(self, key: str, node: yaml.Node, file: str, line: int, own: dict[str, dict[str, Definition]]) -> None:
        try:
            limits_of(key)
            name = canonical(key)
            if name in own:
                raise Mistake(f"'{key}' is given twice, first on line {own[name][SIZES[0]].line}; keep one.")
        except Mistake as mistake:
            self.problems.add(file, line, str(mistake))
            return
        found = definitions_of(key, node, file, line, self.problems)
        own[name] = {size: replace(definition, name=name) for size, definition in found.items()}

    def _rows(self, node: yaml.Node, file: str) -> tuple[Row, ...]:
        line = line_of(node)
        if not isinstance(node, yaml.SequenceNode):
            text = "first: a list of configurations is expected, such as '- {loss: ce, lr: 1.0e-4}'."
            self.problems.add(file, line, text)
            return ()
        if len(node.value) > MAX_ITEMS:
            self.problems.add(file, line, f"first: {len(node.value)} rows; at most {MAX_ITEMS} are allowed.")
            return ()
        return tuple(self._row(number, row, file) for number, row in enumerate(node.value, 1))

    def _row(self, number: int, node: yaml.Node, file: str) -> Row:
        values: dict[str, tuple[Value, int]] = {}
        size: str | None = None
        if not isinstance(node, yaml.MappingNode):
            self.problems.add(file, line_of(node), f"first, row {number}: a mapping of names to values is expected.")
            return Row(number, {}, None, file, line_of(node))
        flat: list[tuple[str, yaml.Node, yaml.Node]] = []
        for key, key_node, value in items(node, file, self.problems):
            if isinstance(value, yaml.MappingNode) and (key in LOSSES or _is_group(key, value)):
                flat.extend((f"{key}/{k}", kn, v) for k, kn, v in items(value, file, self.problems))
            else:
                flat.append((key, key_node, value))
        for name, key_node, value in flat:
            line = line_of(key_node)
            try:
                if name == "for":
                    size = str(scalar(value))
                    if size not in SIZES:
                        raise Mistake(f"'for' is small, base or large, not '{size}'.")
                    continue
                if name in LOSSES and name not in domains():
                    raise Mistake(f"'{name}' is a loss; write 'loss: {name}'.")
                limits_of(name)
                if canonical(name) in values:
                    raise Mistake(f"'{name}' is given twice; keep one.")
                values[canonical(name)] = (coerce(name, scalar(value)), line)
            except Mistake as mistake:
                self.problems.add(file, line, f"first, row {number}: {mistake}")
        return Row(number, values, size, file, line_of(node))


def _is_group(key: str, node: yaml.Node) -> bool:
    """Whether it holds the hyperparameters of an ingredient, and is not the range of one that has the same name."""
    if key not in INGREDIENTS or not isinstance(node, yaml.MappingNode):
        return False
    names = {name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)}
    if key not in places() or not names.isdisjoint(INGREDIENTS[key].hyperparameters):
        return True
    # Of a name that both have, what is no part of a range is a hyperparameter, a misspelt one.
    return bool(names) and names.isdisjoint(RANGE_WORDS)


def _text(path: Path) -> str:
    try:
        if not path.exists():
            folder = path.parent
            siblings = [p.name for p in folder.glob("*.y*ml")][:50] if folder.is_dir() else []
            hint = f": {nearest(path.name, siblings)}" if siblings else "."
            raise Mistake(f"there is no file '{path}'{hint}")
        if not path.is_file():
            raise Mistake(f"'{path}' is not a file.")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Mistake(f"'{path}' cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    if len(data) > MAX_BYTES:
        raise Mistake(f"'{path}' is over 1 MB; a search space is a page of text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Mistake(f"'{path}' is not a text file in UTF-8.") from None
