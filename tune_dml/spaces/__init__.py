"""YAML search spaces and how Optuna's trials draw from them."""

# Read-outs of each kind of task are values of spaces.
import tune_dml.data.kinds as _  # noqa: F401
from tune_dml.spaces.fitting import fitted, replaced
from tune_dml.spaces.loading import load_space, space_from_text
from tune_dml.spaces.rows import complete
from tune_dml.spaces.shipped import shipped_spaces, space_path, spaces_folder
from tune_dml.spaces.showing import SpaceRow, describe, space_text
from tune_dml.spaces.space import (
    Parameter,
    Space,
    Trial,
    fixed,
    largest_value,
    parameter_names,
    possible_values,
    suggest,
)
from tune_dml.spaces.structures import examples

__all__ = [
    "Parameter",
    "Space",
    "SpaceRow",
    "Trial",
    "complete",
    "describe",
    "examples",
    "fitted",
    "fixed",
    "largest_value",
    "load_space",
    "parameter_names",
    "possible_values",
    "replaced",
    "shipped_spaces",
    "space_from_text",
    "space_path",
    "space_text",
    "spaces_folder",
    "suggest",
]
