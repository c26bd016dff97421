"""From a name, a path or a text to a :class:`Space`, with every problem in one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tune_dml.config import SIZES, Choice, Float, Int, Value, absolute_path
from tune_dml.errors import SpaceError, nearest
from tune_dml.losses import LOSSES
from tune_dml.recipe import INGREDIENTS
from tune_dml.spaces.contents import Contents, Reader
from tune_dml.spaces.definitions import Definition
from tune_dml.spaces.nodes import Problems
from tune_dml.spaces.rows import row_problems
from tune_dml.spaces.shipped import shipped_spaces, space_of_loss, spaces_folder
from tune_dml.spaces.space import Parameter, Space
from tune_dml.spaces.values import Mistake, loss_of


def load_space(name_or_path: str, losses: Sequence[str] = (), encoder_size: str = "small") -> Space:
    """A shipped space by name, the space in a file, or that of a loss of another package by the loss's name.

    Args:
        losses: Keep only these of the space's losses, and drop rows of ``first`` that have another; empty keeps all.
        encoder_size: ``"small"``, ``"base"`` or ``"large"``, as of :func:`tune_dml.config.size_of`: which of the ranges
            that are given by size apply; where a file gives none for ``base``, those for ``large``. It is checked for
            all.

    Raises:
        SpaceError: every problem of the file and of those it includes, each as ``file:line: sentence``.
    """
    if encoder_size not in SIZES:
        raise SpaceError(f"The encoder size is small, base or large, not '{encoder_size}'.")
    shipped = shipped_spaces()
    if name_or_path not in shipped:
        absolute_path(name_or_path)
    path = shipped.get(name_or_path) or Path(name_or_path)
    problems = Problems()
    try:
        if name_or_path not in {*shipped, *LOSSES} and not path.suffix and not path.exists():
            raise Mistake(
                f"there is no shipped search space and no file '{name_or_path}': {nearest(name_or_path, shipped)}"
            )
        if name_or_path in LOSSES and name_or_path not in shipped and not path.exists():
            text = space_of_loss(LOSSES[name_or_path])
            contents = Reader(problems).text(text, f"the space of {name_or_path}", spaces_folder())
        else:
            contents = Reader(problems).file(path)
    except Mistake as mistake:
        raise SpaceError(str(mistake)[0].upper() + str(mistake)[1:]) from None
    spaces = _built(contents, path.stem, str(path), problems)
    space = spaces[encoder_size]
    return narrowed(replace(space, notes=(*space.notes, *_idle(space))), losses)


def _idle(space: Space) -> list[str]:
    """A sentence for each ingredient that the space sets without ever switching it on."""
    given = {*space.constants, *(parameter.name for parameter in space.parameters)}
    notes = []
    for name, spec in INGREDIENTS.items():
        idle = [inner for inner in spec.hyperparameters if spec.name_of(inner) in given]
        if idle and spec.name_of(spec.switch) not in given:
            off = spec.hyperparameters[spec.switch].default
            notes.append(f"{name} is off, whatever its {idle[0]}: {spec.switch} is {off} unless the space gives it.")
    return notes


def space_from_text(text: str, name: str = "space") -> Space:
    """The inverse of :func:`tune_dml.spaces.space_text`: a space kept as one text that includes no file.

    Raises:
        SpaceError: as :func:`load_space`, with ``name`` for the file.
    """
    problems = Problems()
    contents = Reader(problems).text(text, name, folder=None)
    return narrowed(_built(contents, name, name, problems)[SIZES[0]], ())


def narrowed(space: Space, losses: Sequence[str]) -> Space:
    """``space`` with only these losses, and without what can then never apply.

    Raises:
        SpaceError: a loss that does not exist, or that the space does not have.
    """
    for loss in losses:
        if loss not in LOSSES:
            raise SpaceError(f"'{loss}' is not a loss: {nearest(loss, LOSSES)}")
        if loss not in space.losses:
            raise SpaceError(f"The search space '{space.name}' has no loss '{loss}': {nearest(loss, space.losses)}")
    kept = tuple(loss for loss in space.losses if not losses or loss in losses)
    possible: dict[str, tuple[Value, ...] | None] = {name: (value,) for name, value in space.constants.items()}
    possible["loss"] = kept
    constants = {name: v for name, v in space.constants.items() if loss_of(name) in (None, *kept)}
    parameters = []
    for parameter in space.parameters:
        when = {name: _still(allowed, possible, name) for name, allowed in parameter.when.items()}
        if not all(when.values()):
            continue
        if parameter.name == "loss":
            if len(kept) == 1:
                constants = {"loss": kept[0], **constants}
                continue
            parameter = replace(parameter, domain=Choice(kept))
        domain = parameter.domain
        possible[parameter.name] = domain.options if isinstance(domain, Choice) else None
        parameters.append(replace(parameter, when=when))
    first = tuple(row for row in space.first if row.get("loss", kept[0]) in kept)
    return Space(space.name, tuple(parameters), constants, first, space.notes)


def _still(
    allowed: tuple[Value, ...], possible: Mapping[str, tuple[Value, ...] | None], name: str
) -> tuple[Value, ...]:
    options = possible.get(name, ())
    return allowed if options is None else tuple(value for value in allowed if value in options)


def _built(contents: Contents, name: str, file: str, problems: Problems) -> dict[str, Space]:
    if "loss" not in contents.definitions and not problems.found:
        text = "The space names no loss; add 'loss: {choices: [ce, supcon]}' or one loss, such as 'loss: softtriple'."
        problems.add(file, 1, text)
    # Loss comes first wherever it stands: groups and, in included files, conditions hang on it.
    names = sorted(contents.definitions, key=lambda n: n != "loss")
    spaces = {}
    for size in SIZES:
        definitions = {n: contents.definitions[n][size] for n in names}
        for definition in definitions.values():
            _check_conditions(definition, definitions, problems)
        space = _space(name, definitions)
        first = _first(space, contents, definitions, size, file, problems)
        spaces[size] = replace(space, first=first, notes=tuple(contents.notes))
    problems.raise_any()
    return spaces


def _space(name: str, definitions: Mapping[str, Definition]) -> Space:
    parameters: list[Parameter] = []
    constants: dict[str, Value] = {}
    for definition in definitions.values():
        domain = definition.domain
        if domain is None:
            continue
        if isinstance(domain, Choice) and len(domain.options) == 1 and not definition.when:
            constants[definition.name] = domain.options[0]
            continue
        group = loss_of(definition.name)
        when: dict[str, tuple[Value, ...]] = {} if group is None else {"loss": (group,)}
        when |= {condition.name: condition.values for condition in definition.when}
        parameters.append(Parameter(definition.name, domain, when))
    return Space(name, tuple(parameters), constants)


def _check_conditions(definition: Definition, definitions: Mapping[str, Definition], problems: Problems) -> None:
    order = list(definitions)
    for condition in definition.when:
        text = ""
        parent = definitions.get(condition.name)
        if parent is None:
            text = f"'{condition.name}' is not part of this space: {nearest(condition.name, definitions)}"
        elif parent.name == definition.name:
            text = "a name cannot depend on itself."
        elif parent.name == "loss" and loss_of(definition.name) is not None:
            text = "what stands below a loss applies with that loss; leave the condition on loss out."
        elif (parent.file == definition.file and parent.line > definition.line) or order.index(
            parent.name
        ) > order.index(definition.name):
            text = f"'{condition.name}' comes later, on line {parent.line}; a condition names what comes earlier."
        elif isinstance(parent.domain, Float | Int):
            text = f"'{condition.name}' is a range; a condition names a constant or something with choices."
        elif parent.domain is not None and parent.file == definition.file and parent.name != "loss":
            # An included condition may name what this file has narrowed: then it just never applies.
            for value in condition.values:
                if not parent.domain.contains(value):
                    text = f"'{condition.name}' is never '{value}'; it is {parent.domain}."
        if text:
            problems.add(definition.file, condition.line, f"{definition.name}: when: {text}")


def _first(
    space: Space, contents: Contents, definitions: Mapping[str, Definition], size: str, file: str, problems: Problems
) -> tuple[dict[str, Value], ...]:
    """The rows of a size. What was not written for base encoders in this very file and does not fit what they have is
    left out: a space may include ranges for them without knowing of them."""
    # A definition that could not be read would make every row that uses it wrong as well.
    unread = {name for name, definition in definitions.items() if definition.domain is None}
    kept = []
    has_base = any(row.size == "base" for row in contents.rows)
    for row in contents.rows:
        if row.size not in (None, size if size != "base" or has_base else "large"):
            continue
        values = {name: value for name, (value, _) in row.values.items()}
        found = list(row_problems(values, space)) if "loss" in definitions and "loss" not in unread else []
        if size == "base" and (row.size, row.file) != ("base", file):
            if found:
                continue
        else:
            for name, sentence in found:
                line = row.values[name][1] if name in row.values else row.line
                if name not in unread:
                    text = f"first, row {row.number}: {sentence}"
                    if any(definitions.get(name) != other for other in contents.definitions.get(name, {}).values()):
                        text += f" That is for {size} encoders; 'for: small' or 'for: large' limits a row to one size."
                    problems.add(row.file, line, text)
        kept.append(values)
    return tuple(kept)
