"""Cross entropy of a linear head: the baseline that every other loss is held against."""

from tune_dml.losses.loss_spec import LossSpec

SPEC = LossSpec(name="ce", paper="the standard fine-tuning loss (Devlin et al. 2019, arXiv 1810.04805)", build=None)
