"""One small spec per loss. Those of installed packages are known as soon as this is imported."""

from tune_dml.losses.all_losses import LOSSES, check, loss_named
from tune_dml.losses.loss_spec import LossSpec
from tune_dml.losses.plugins import add_installed, add_plugins
from tune_dml.recipe import Hyperparameter

__all__ = ["LOSSES", "Hyperparameter", "LossSpec", "add_plugins", "check", "loss_named"]

add_installed()
