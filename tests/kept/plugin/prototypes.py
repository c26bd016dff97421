"""A loss that a package brings, as docs/losses.md had it when the searches beside it were made."""

import torch

from tune_dml.config import Float
from tune_dml.losses import Hyperparameter, LossSpec


class Prototypes(torch.nn.Module):
    """A learned point per class."""

    def __init__(self, classes, dimension, params):
        super().__init__()
        self.points = torch.nn.Parameter(torch.randn(classes, dimension))
        self.scale = params["scale"]

    def logits(self, embeddings):
        return -self.scale * torch.cdist(torch.nn.functional.normalize(embeddings), self.points)

    def forward(self, embeddings, labels):
        return torch.nn.functional.cross_entropy(self.logits(embeddings), labels)


SPEC = LossSpec(
    name="prototypes",
    paper="Snell et al. 2017, arXiv 1703.05175, with learned points",
    build=Prototypes,
    hyperparameters={"scale": Hyperparameter(5.0, Float(1.0, 20.0, log=True), "a guess")},
    owns_parameters=True,
    logits=Prototypes.logits,
)
