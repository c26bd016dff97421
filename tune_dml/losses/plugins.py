"""Losses, ingredients and kinds of task of other packages: named on the command line, or found by an entry point."""

from __future__ import annotations

import importlib
import logging
import os
import re
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points

from tune_dml.config.registrable import Registrable
from tune_dml.errors import UsageError, first_line
from tune_dml.losses.all_losses import LOSSES
from tune_dml.losses.loss_spec import LossSpec
from tune_dml.recipe import INGREDIENTS, Ingredient, add_ingredient, name_problems

#: Groups of entry points, and what each names: a :class:`LossSpec` or a :class:`tune_dml.recipe.Ingredient`.
ENTRY_POINTS = {"tune_dml.losses": "loss", "tune_dml.ingredients": "ingredient"}
_PLACE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def add_plugins(places: Iterable[str]) -> None:
    """Import losses, ingredients and kinds of task and make them known in this process.

    What is known already is left as it is.

    Args:
        places: ``package.module:NAME`` of a :class:`LossSpec`, a :class:`tune_dml.recipe.Ingredient` or a
            :class:`tune_dml.data.Kind`. The current folder is searched too.

    Raises:
        UsageError: there is no such module or name, its code fails, or the spec cannot be used.
    """
    for place in places:
        _register(_imported(place), place)


def add_installed() -> None:
    """Those that installed packages offer; one that cannot be used is warned of and left out."""
    for entry in (entry for group in ENTRY_POINTS for entry in entry_points(group=group)):
        try:
            _register(entry.load(), entry.value)
        except Exception as error:
            logging.getLogger(__name__).warning(
                "The %s '%s' of an installed package is left out: %s", ENTRY_POINTS[entry.group], entry.name, error
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
    try:
        problems = _problems(spec, place)
    except UsageError:
        raise
    except Exception as error:  # specs hold what their authors like, and their checks raise it
        raise UsageError(
            f"The loss plugin {place} is not made as a {type(spec).__name__} has to be ({first_line(error)})."
        ) from error
    if problems:
        raise UsageError(f"The loss plugin {place} cannot be used: {' '.join(problems)}")


def _problems(spec: object, place: str) -> list[str]:
    """Makes it known, or says why not."""
    if isinstance(spec, Ingredient):
        taken = [f"there is a loss '{spec.name}' already."] if spec.name in LOSSES else []
        return taken or add_ingredient(spec)
    if isinstance(spec, LossSpec):
        return _add_loss(spec)
    if isinstance(spec, Registrable):
        return spec.register()
    raise UsageError(f"{place} is a {type(spec).__name__}, not a tune_dml.losses.LossSpec.")


def _add_loss(spec: LossSpec) -> list[str]:
    if LOSSES.get(spec.name) is spec:
        return []
    problems = name_problems(spec.name, "a loss")
    if spec.name in LOSSES or spec.name in INGREDIENTS:
        problems.append(f"there is a loss '{spec.name}' already.")
    if spec.build is None:
        problems.append("it builds nothing.")
    for name, hyperparameter in spec.hyperparameters.items():
        if not hyperparameter.domain.contains(hyperparameter.default):
            problems.append(f"the default of '{name}' is not {hyperparameter.domain}.")
    problems = problems or spec.check(spec.defaults)
    if not problems:
        LOSSES[spec.name] = spec
    return problems
