"""The arms of a comparison, as its file has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from tune_dml.comparisons.beside import parts_of, with_paths
from tune_dml.comparisons.comparison import Arm
from tune_dml.comparisons.peers import PEERS
from tune_dml.comparisons.problems import Problems
from tune_dml.comparisons.recipes import recipe_text
from tune_dml.config import SIZES, from_values, slug
from tune_dml.driver.options import TRIALS_ON_CPU, check_options
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import TuneDMLError, called_here, nearest
from tune_dml.models.known_encoders import SUGGEST
from tune_dml.spaces import load_space, shipped_spaces, space_from_text, space_text

ARMS_OF_PEERS = ("linear_probe", *PEERS)
#: Options of a search that say which texts, and how they are read.
OF_TASK = (
    "task", "data", "kind", "text_columns", "label_column", "group_column", "encoding", "header", "drop_unknown_labels",
)  # fmt: skip
#: Those that the comparison itself decides.
_NOT_AN_ARMS = (
    *OF_TASK,
    "shots",
    "shots_per_class",
    "draw",
    "no_test",
    "results",
    "name",
    "confirm",
    "ensemble",
    "reference_ce",
    "metric",
)
OPTIONS = tuple(field.name for field in fields(SearchRequest) if field.name not in _NOT_AN_ARMS)
_OF_SPACE = ("space", "losses")
_OF_TRIALS = ("searcher", "scheduler", "time_budget", "max_rounds", "training_budget", "confirm_others")
#: What a search takes by the machine that it runs on; a comparison is the same everywhere.
_DEFAULTS = {"encoder": "all-MiniLM-L6-v2", "trials": TRIALS_ON_CPU}
#: What other tools call them.
ELSEWHERE = {
    "model": "encoder", "seeds": "confirm_seeds", "n_trials": "trials", "num_trials": "trials", "sampler": "searcher",
    "pruner": "scheduler", "timeout": "time_budget",
}  # fmt: skip
_EXPONENT = re.compile(r"[+-]?\d+(?:\.\d*)?[eE][+-]?\d+")
_LISTS = ("losses", "loss_plugins", "text_columns")


def read_arms(
    given: Any,
    shared: Mapping[str, Any],
    tasks: Sequence[Mapping[str, Any]],
    shots: Sequence[int | str],
    metric: Any,
    problems: Problems,
) -> Iterator[Arm]:
    """Those that can be read.

    Args:
        given: A mapping of arms, or a list of losses, each an arm of its own.
        shared: Options of a search that all arms have unless they say otherwise.
        tasks, shots: The first of each, to try an arm's options with.
    """
    if isinstance(given, list | tuple) and all(isinstance(name, str) for name in given):
        # Losses, each an arm of its own, in the search space of its name.
        if len(set(given)) < len(given):
            problems.add(("arms",), f"An arm is named twice in {', '.join(given)}.")
        given = {name: {"space": name} for name in given}
    if not isinstance(given, Mapping) or not given:
        what = "The arms are neither a mapping nor a list of losses" if given else "The comparison has no arms"
        problems.add(("arms",), f"{what}; write 'arms: {{ce: {{losses: [ce]}}, supcon: {{losses: [supcon]}}}}'.")
        return
    for name, own in given.items():
        where = ("arms", str(name))
        if not isinstance(name, str) or slug(name, 40) != name:
            read = "YAML takes yes, no, on, off and numbers for what they say: put the name into quotation marks"
            take = "take letters, digits, '-' and '_', 40 at most" if isinstance(name, str) else read
            problems.add(where, f"The arm's name {name!r} cannot be part of a folder's; {take}.")
            continue
        if own is not None and not isinstance(own, Mapping):
            problems.add(where, f"The arm '{name}' is a mapping of a search's options, such as {{losses: [supcon]}}.")
            continue
        arm = _arm(name, dict(own or {}), shared, where, problems)
        if arm is not None:
            yield _checked(arm, tasks, shots, metric, where, problems)


def _arm(
    name: str, own: dict[str, Any], shared: Mapping[str, Any], where: tuple[str, ...], problems: Problems
) -> Arm | None:
    recipe, peer = own.pop("recipe", None), own.pop("peer", None)
    wrong = [str(key) for key in own if key not in OPTIONS]
    for key in wrong:
        hint = called_here(key, (*OPTIONS, "recipe", "peer"), ELSEWHERE)
        problems.add((*where, key), f"The arm '{name}': '{key}' is no option of a search: {hint}")
    if peer is not None and peer not in ARMS_OF_PEERS:
        problems.add(
            (*where, "peer"), f"The arm '{name}': there is no peer {peer!r}: {nearest(str(peer), ARMS_OF_PEERS)}"
        )
        return None
    if recipe is not None and peer is not None:
        problems.add(where, f"The arm '{name}' is a recipe or a peer, not both.")
        return None
    if recipe is not None and not isinstance(recipe, Mapping):
        problems.add(
            (*where, "recipe"), f"The arm '{name}': a recipe is a mapping such as {{loss: supcon, lr: 1.0e-4}}."
        )
        return None
    if wrong:
        return None
    if recipe is not None:
        recipe = {key: _as_number(value) for key, value in recipe.items()}
    encoders = listed("encoder", own.get("encoder", shared.get("encoder")))
    if encoders == SUGGEST:
        problems.add(
            where, f"The arm '{name}': '{SUGGEST}' depends on the machine, and a comparison does not; name encoders."
        )
        return None
    alone = "a recipe" if recipe is not None else None if peer is None else f"the peer {peer}"
    if alone is not None and isinstance(encoders, str) and len(parts_of("encoder", encoders)) > 1:
        problems.add(where, f"The arm '{name}': {alone} takes one encoder, not {encoders}.")
        return None
    unused = _unused(recipe, peer)
    for key in [key for key in own if key in unused]:
        what = "a recipe" if peer is None else f"the peer {peer}"
        problems.add((*where, key), f"The arm '{name}': '{key}' means nothing to {what}.")
    options = with_paths(
        {key: listed(key, value) for key, value in {**_DEFAULTS, **shared, **own}.items()}, problems.file
    )
    options = {key: value for key, value in options.items() if key not in unused}
    return Arm(name, options if recipe is None else {**options, "trials": 1}, recipe, peer)


def _as_number(value: Any) -> Any:
    """``1e-4`` is a text to YAML, and the same recipe as ``1.0e-4``."""
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value


def _unused(recipe: Any, peer: str | None) -> tuple[str, ...]:
    """Options that mean nothing to such an arm: if the comparison has them for all, it is left as it is."""
    if peer == "linear_probe":
        return (*_OF_SPACE, *_OF_TRIALS, "trials", "seed", "confirm_seeds")
    if peer is not None:
        return (*_OF_SPACE, *_OF_TRIALS, *(() if PEERS[peer].searches else ("trials",)))
    return () if recipe is None else (*_OF_SPACE, *_OF_TRIALS, "trials")


def _checked(
    arm: Arm,
    tasks: Sequence[Mapping[str, Any]],
    shots: Sequence[int | str],
    metric: Any,
    where: tuple[str, ...],
    problems: Problems,
) -> Arm:
    """With what its space's file says, if a search would take it: as far as that can be seen without data, encoder or
    machine."""
    first = tasks[0] if tasks else {}
    try:
        request = from_values(
            SearchRequest, {**first, **arm.options, "shots": shots[0] if shots else 50, "metric": metric}
        )
        check_options(request)
        if arm.recipe is not None:
            space_from_text(recipe_text(arm.recipe), f"the recipe of {arm.name}")
        elif arm.peer is None:
            space = load_space(request.space, request.losses)
            if request.space not in shipped_spaces():
                others = {space_text(load_space(request.space, request.losses, size)) for size in SIZES[1:]}
                arm = replace(arm, space_text="\n".join([space_text(space), *sorted(others)]))
    except (TypeError, ValueError) as error:
        problems.add(where, f"The arm '{arm.name}': {error}.")
    except TuneDMLError as error:
        problems.add(where, f"The arm '{arm.name}': {error}")
    return arm


def listed(key: str, value: Any) -> Any:
    """The value of an option of a search as a request has it: lists as tuples."""
    if key == "encoder" and isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if key in _LISTS and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value
