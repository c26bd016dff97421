"""Floor 0: the dataclasses that pass between floors."""

from tune_dml.config.configuration import (
    HEADS,
    LIMITS,
    OPTIONAL,
    READOUTS,
    REPRESENTATIONS,
    SCHEDULES,
    Configuration,
    configuration_from,
)
from tune_dml.config.domains import Choice, Domain, Float, Int, Value
from tune_dml.config.records import ConfirmRun, Probabilities, Round, Scores, State, TrialRecord
from tune_dml.config.settings import (
    METRICS,
    SCHEDULERS,
    SEARCHERS,
    VALIDATIONS,
    DrawSettings,
    SearchSettings,
    TaskSettings,
    settings_from,
)

__all__ = [
    "HEADS",
    "LIMITS",
    "METRICS",
    "OPTIONAL",
    "READOUTS",
    "REPRESENTATIONS",
    "SCHEDULERS",
    "SCHEDULES",
    "SEARCHERS",
    "VALIDATIONS",
    "Choice",
    "Configuration",
    "ConfirmRun",
    "Domain",
    "DrawSettings",
    "Float",
    "Int",
    "Probabilities",
    "Round",
    "Scores",
    "SearchSettings",
    "State",
    "TaskSettings",
    "TrialRecord",
    "Value",
    "configuration_from",
    "settings_from",
]
