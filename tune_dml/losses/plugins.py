"""Losses of other packages: named on the command line, or installed with an entry point."""

from __future__ import annotations

import importlib
import logging
import os
import re
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points

from tune_dml.errors import UsageError
from tune_dml.losses.all_losses import LOSSES
from tune_dml.losses.loss_spec import LossSpec
from tune_dml.recipe import INGREDIENTS, domains

#: The group of entry points, each naming a :class:`LossSpec`.
ENTRY_POINTS = "tune_dml.losses"
_PLACE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = {*domains(), *INGREDIENTS, "loss", "include", "first", "when", "for", "all", "none"}


def add_plugins(places: Iterable[str]) -> None:
    """Import losses and make them known in this process; what is known already is left as it is.

    Args:
        places: ``package.module:NAME`` of a :class:`LossSpec`. The current folder is searched too.

    Raises:
        UsageError: there is no such module or name, its code fails, or the spec cannot be used.
    """
    for place in places:
        _register(_imported(place), place)


def add_installed() -> None:
    """The losses that installed packages offer; one that cannot be used is warned of and left out."""
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            _register(entry.load(), entry.value)
        except Exception as error:
            logging.getLogger(__name__).warning(
                "The loss '%s' of an installed package is left out: %s", entry.name, error
            )


def _imported(place: str) -> object:
    if not _PLACE.fullmatch(place):
        raise UsageError(f"'{place}' does not name a loss; write --loss-plugin package.module:NAME.")
    name, _, attribute = place.partition(":")
    # A script's own folder is on the path, the one that a console command is called in is not.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(
                f"There is no module '{error.name}' for --loss-plugin {place}; install its package, or call tune-dml "
                "in the folder that holds it."
            ) from None
        raise UsageError(f"The loss plugin {place} needs a module that is missing: {error.name}.") from error
    except Exception as error:
        raise UsageError(f"The loss plugin {place} cannot be imported: {type(error).__name__}: {error}.") from error
    if not hasattr(module, attribute):
        raise UsageError(f"The module {name} has no '{attribute}'; --loss-plugin names a LossSpec in it.")
    found: object = getattr(module, attribute)
    return found


def _register(spec: object, place: str) -> None:
    if not isinstance(spec, LossSpec):
        raise UsageError(f"{place} is a {type(spec).__name__}, not a tune_dml.losses.LossSpec.")
    if LOSSES.get(spec.name) is spec:
        return
    problems = []
    if not _NAME.fullmatch(spec.name) or spec.name in _RESERVED:
        problems.append(f"'{spec.name}' cannot be a loss's name; take lower-case letters, digits and underscores.")
    elif spec.name in LOSSES:
        problems.append(f"there is a loss '{spec.name}' already.")
    if spec.build is None:
        problems.append("it builds nothing.")
    for name, hyperparameter in spec.hyperparameters.items():
        if not hyperparameter.domain.contains(hyperparameter.default):
            problems.append(f"the default of '{name}' is not {hyperparameter.domain}.")
    problems = problems or spec.check(spec.defaults)
    if problems:
        raise UsageError(f"The loss plugin {place} cannot be used: {' '.join(problems)}")
    LOSSES[spec.name] = spec
