"""Head and proxies mixed: beta * softmax(head) + (1 - beta) * softmax(proxies) (arXiv 2211.15195)."""

from __future__ import annotations

from functools import partial
from typing import Any

from tune_dml.config import Probabilities
from tune_dml.models.readouts import head_readout, proxies
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained


def _fit(name: str, share: float | None, trained: Trained) -> FittedReadout:
    first, second = head_readout.SPEC.fit(trained), proxies.SPEC.fit(trained)
    arrays = {f"head.{k}": v for k, v in first.arrays.items()} | {f"proxies.{k}": v for k, v in second.arrays.items()}
    beta = trained.config.beta_effective if share is None else share
    return FittedReadout(name, arrays, {"beta": beta, **second.values})


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    values: dict[str, Any] = dict(fitted.values)
    beta = float(values.pop("beta"))

    def part(name: str) -> FittedReadout:
        arrays = {k.removeprefix(f"{name}."): v for k, v in fitted.arrays.items() if k.startswith(f"{name}.")}
        return FittedReadout(name, arrays, values)

    mixed: Probabilities = beta * head_readout.SPEC.probabilities(part("head"), embeddings) + (
        1 - beta
    ) * proxies.SPEC.probabilities(part("proxies"), embeddings)
    return mixed


def _spec(name: str, share: float | None = None) -> ReadoutSpec:
    weights = "beta * softmax(head) + (1 - beta)" if share is None else f"{share} * softmax(head) + {1 - share}"
    return ReadoutSpec(
        name=name,
        description=f"{weights} * softmax(proxies)",
        available=lambda trained: head_readout.SPEC.available(trained) and proxies.SPEC.available(trained),
        fit=partial(_fit, name, share),
        probabilities=_probabilities,
    )


SPECS = (_spec("head+proxies"), *(_spec(f"head+proxies:{share}", share) for share in (0.25, 0.5, 0.75)))
