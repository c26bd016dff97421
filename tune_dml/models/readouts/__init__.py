"""How classes are read from embeddings: one small file per read-out, which may come with several settings."""

from tune_dml.models.readouts import centroid, head, head_proxies, knn, logistic, proxies
from tune_dml.models.readouts.spec import FittedReadout, ReadoutSpec, Trained

READOUT_SPECS: dict[str, ReadoutSpec] = {
    spec.name: spec for module in (logistic, head, centroid, knn, proxies, head_proxies) for spec in module.SPECS
}

__all__ = ["READOUT_SPECS", "FittedReadout", "ReadoutSpec", "Trained"]
