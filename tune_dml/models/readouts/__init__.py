"""How classes are read from embeddings: one small file per read-out."""

from tune_dml.models.readouts import centroid, head, head_proxies, knn, logistic, proxies
from tune_dml.models.readouts.spec import FittedReadout, ReadoutSpec, Trained

READOUT_SPECS: dict[str, ReadoutSpec] = {
    module.SPEC.name: module.SPEC for module in (logistic, head, centroid, knn, proxies, head_proxies)
}

__all__ = ["READOUT_SPECS", "FittedReadout", "ReadoutSpec", "Trained"]
