"""A single configuration as a search space in which nothing is searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml


def recipe_text(recipe: Mapping[str, Any]) -> str:
    """The text of the space: ``{"supcon/temperature": 0.1}`` stands below ``supcon``."""
    nested: dict[str, Any] = {}
    for name, value in recipe.items():
        group, slash, inner = str(name).partition("/")
        if slash:
            nested.setdefault(group, {})[inner] = value
        else:
            nested[group] = value
    text: str = yaml.safe_dump(nested, sort_keys=False, allow_unicode=True)
    return text
