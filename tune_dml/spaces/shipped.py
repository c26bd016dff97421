"""Where the search spaces that come with tune-dml are."""

from __future__ import annotations

import json
from pathlib import Path

from tune_dml.config import Choice, Domain, Float
from tune_dml.errors import EnvironmentFault, SpaceError, nearest
from tune_dml.losses import LossSpec


def spaces_folder() -> Path:
    """The folder ``search_spaces``: inside the package in an installed wheel, beside it in a checkout.

    Raises:
        EnvironmentFault: the installation lacks it.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "search_spaces", package.parent / "search_spaces"):
        if (folder / "default.yaml").is_file():
            return folder
    raise EnvironmentFault("This installation of tune-dml lacks its search_spaces folder; install it again.")


def shipped_spaces() -> dict[str, Path]:
    """Every shipped space by name, ``default`` first. Files that start with ``_`` are only there to be included."""
    paths = [path for path in spaces_folder().glob("*.yaml") if not path.name.startswith("_")]
    return {path.stem: path for path in sorted(paths, key=lambda p: (p.stem != "default", p.stem))}


def space_of_loss(spec: LossSpec) -> str:
    """The text of a space for a loss that has no file of its own: its ranges, with what all losses share."""
    lines = ["include: [_shared.yaml]", f"loss: {spec.name}", "beta: {float: [0.05, 0.7]}"]
    if spec.owns_parameters:
        lines += [
            "loss_lr:",
            "  small: {float: [1.0e-3, 1.0e-1], log: true}",
            "  large: {float: [1.0e-4, 3.0e-2], log: true}",
        ]
    lines += ["epochs:", "  small: {int: [5, 25]}", "  large: {int: [10, 25]}"]
    if spec.hyperparameters:
        lines += [f"{spec.name}:", *(f"  {name}: {_yaml(domain)}" for name, domain in spec.space.items())]
    return "\n".join(lines) + "\n"


def _yaml(domain: Domain) -> str:
    if isinstance(domain, Choice):
        return json.dumps({"choices": list(domain.options)})
    kind = "float" if isinstance(domain, Float) else "int"
    return json.dumps({kind: [domain.low, domain.high], **({"log": True} if domain.log else {})})


def space_path(name: str) -> Path:
    """The file of a shipped space.

    Raises:
        SpaceError: there is none of that name.
    """
    spaces = shipped_spaces()
    if name not in spaces:
        raise SpaceError(f"'{name}' is not a shipped search space: {nearest(name, spaces)}")
    return spaces[name]
