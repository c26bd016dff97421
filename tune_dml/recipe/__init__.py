"""A configuration: the values that every recipe has, and ingredients that may be on, a file each."""

from tune_dml.recipe.all_ingredients import (
    INGREDIENTS,
    add_ingredient,
    canonical,
    domains,
    hyperparameters,
    name_problems,
    places,
)
from tune_dml.recipe.configuration import Configuration, configuration_from
from tune_dml.recipe.core import CORE, READOUTS, REPRESENTATIONS, SCHEDULES, add_readouts, nearest_hyperparameter
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import EncoderParts, Ingredient
from tune_dml.recipe.ingredients.prompts import EMBEDDINGS, FIRST

__all__ = [
    "CORE",
    "EMBEDDINGS",
    "FIRST",
    "INGREDIENTS",
    "READOUTS",
    "REPRESENTATIONS",
    "SCHEDULES",
    "Configuration",
    "EncoderParts",
    "Hyperparameter",
    "Ingredient",
    "add_ingredient",
    "add_readouts",
    "canonical",
    "configuration_from",
    "domains",
    "hyperparameters",
    "name_problems",
    "nearest_hyperparameter",
    "places",
]
