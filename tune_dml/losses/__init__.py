"""Floor 1: one small spec per loss."""

from tune_dml.losses.registry import LOSSES, check, loss_named
from tune_dml.losses.spec import Hyperparameter, LossSpec

__all__ = ["LOSSES", "Hyperparameter", "LossSpec", "check", "loss_named"]
