"""Which configuration wins, what it is worth, and how far to believe it."""

from tune_dml.evaluation.bias import bias_corrected
from tune_dml.evaluation.encoder_race import EncoderRace
from tune_dml.evaluation.gain import gain_over
from tune_dml.evaluation.pooling import Pooled, pooled, stacked
from tune_dml.evaluation.readout_choice import best_readout, choose_readout, choose_temperature, readout_scores
from tune_dml.evaluation.scores import confirm_scores, ensemble, ensemble_scores
from tune_dml.evaluation.selection import best_of_loss, first_recipe, leader, runners_up, winner

__all__ = [
    "EncoderRace",
    "Pooled",
    "best_of_loss",
    "best_readout",
    "bias_corrected",
    "choose_readout",
    "choose_temperature",
    "confirm_scores",
    "ensemble",
    "ensemble_scores",
    "first_recipe",
    "gain_over",
    "leader",
    "pooled",
    "readout_scores",
    "runners_up",
    "stacked",
    "winner",
]
