"""The dataclasses that pass between floors."""

from tune_dml.config.commands import DEFAULT_RESULTS, command, command_for, joined, quoted
from tune_dml.config.documents import MAX_DEPTH, YAML_LOADER, from_values, line_too_deep
from tune_dml.config.domains import Choice, Domain, Float, Int, Value
from tune_dml.config.encoder_keys import keys_of
from tune_dml.config.encoder_sizes import SIZES, size_of
from tune_dml.config.paths import absolute_path
from tune_dml.config.records import ConfirmRun, Probabilities, Round, Scores, SoupRound, State, TrialRecord
from tune_dml.config.settings import (
    BASELINES,
    PRECISIONS,
    SCHEDULERS,
    SEARCHERS,
    TRUNCATIONS,
    VALIDATIONS,
    DrawSettings,
    SearchSettings,
    TaskSettings,
    settings_from,
)
from tune_dml.config.slugs import ascii_slug, distinct_slug, slug
from tune_dml.config.uris import dotfile_uri, file_uri, sqlite_path, sqlite_query, sqlite_uri, uri_below

__all__ = [
    "BASELINES",
    "DEFAULT_RESULTS",
    "MAX_DEPTH",
    "PRECISIONS",
    "SCHEDULERS",
    "SEARCHERS",
    "SIZES",
    "TRUNCATIONS",
    "VALIDATIONS",
    "YAML_LOADER",
    "Choice",
    "ConfirmRun",
    "Domain",
    "DrawSettings",
    "Float",
    "Int",
    "Probabilities",
    "Round",
    "Scores",
    "SearchSettings",
    "SoupRound",
    "State",
    "TaskSettings",
    "TrialRecord",
    "Value",
    "absolute_path",
    "ascii_slug",
    "command",
    "command_for",
    "distinct_slug",
    "dotfile_uri",
    "file_uri",
    "from_values",
    "joined",
    "keys_of",
    "line_too_deep",
    "quoted",
    "settings_from",
    "size_of",
    "slug",
    "sqlite_path",
    "sqlite_query",
    "sqlite_uri",
    "uri_below",
]
