"""The metric loss's own class logits, from its proxies or centers (arXiv 2211.15202 uses them at inference)."""

from __future__ import annotations

from typing import Any

from tune_dml.config import Probabilities, Value
from tune_dml.losses import LOSSES, loss_named
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained, softmax


def _fit(trained: Trained) -> FittedReadout:
    config = trained.config
    values: dict[str, Value] = {
        "loss": config.loss,
        "classes": trained.outputs,
        "dimension": int(trained.embeddings.shape[1]),
        **{f"{config.loss}/{name}": value for name, value in config.loss_params.items()},
    }
    return FittedReadout("proxies", dict(trained.loss_state), values)


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    import torch

    values: dict[str, Any] = dict(fitted.values)
    spec = loss_named(values["loss"])
    assert spec.build is not None
    assert spec.logits is not None
    params = {name.partition("/")[2]: v for name, v in values.items() if "/" in name}
    module = spec.build(values["classes"], values["dimension"], params)
    module.load_state_dict({name: torch.tensor(array) for name, array in fitted.arrays.items()})
    with torch.no_grad():
        return softmax(spec.logits(module, torch.tensor(embeddings)).numpy())


SPEC = ReadoutSpec(
    name="proxies",
    description="the loss's own proxies or centers",
    available=lambda trained: LOSSES[trained.config.loss].logits is not None and bool(trained.loss_state),
    fit=_fit,
    probabilities=_probabilities,
)
SPECS = (SPEC,)
