"""Squared error of a linear head, where labels are numbers."""

from tune_dml.losses.loss_spec import LossSpec

SPEC = LossSpec(name="mse", paper="least squares, on targets of mean 0 and standard deviation 1", build=None)
