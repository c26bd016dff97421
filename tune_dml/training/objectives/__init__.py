"""What training minimises: a file for each objective."""

from __future__ import annotations

from tune_dml.training.objectives.classification import Classification
from tune_dml.training.objectives.objective import Objective, Seen, Values

__all__ = ["Classification", "Objective", "Seen", "Values"]
