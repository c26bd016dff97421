"""Hyperparameter search for fine-tuning text encoders on few labelled examples with metric-learning losses."""

__version__ = "0.1.0"
