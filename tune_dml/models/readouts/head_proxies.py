"""Head and proxies mixed: beta * softmax(head) + (1 - beta) * softmax(proxies) (arXiv 2211.15195)."""

from __future__ import annotations

from typing import Any

from tune_dml.config import Probabilities
from tune_dml.models.readouts import head, proxies
from tune_dml.models.readouts.spec import Embeddings, FittedReadout, ReadoutSpec, Trained


def _fit(trained: Trained) -> FittedReadout:
    first, second = head.SPEC.fit(trained), proxies.SPEC.fit(trained)
    arrays = {f"head.{k}": v for k, v in first.arrays.items()} | {f"proxies.{k}": v for k, v in second.arrays.items()}
    return FittedReadout("head+proxies", arrays, {"beta": trained.config.beta_effective, **second.values})


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    values: dict[str, Any] = dict(fitted.values)
    beta = float(values.pop("beta"))

    def part(name: str) -> FittedReadout:
        arrays = {k.removeprefix(f"{name}."): v for k, v in fitted.arrays.items() if k.startswith(f"{name}.")}
        return FittedReadout(name, arrays, values)

    mixed: Probabilities = beta * head.SPEC.probabilities(part("head"), embeddings) + (
        1 - beta
    ) * proxies.SPEC.probabilities(part("proxies"), embeddings)
    return mixed


SPEC = ReadoutSpec(
    name="head+proxies",
    description="beta * softmax(head) + (1 - beta) * softmax(proxies)",
    available=lambda trained: head.SPEC.available(trained) and proxies.SPEC.available(trained),
    fit=_fit,
    probabilities=_probabilities,
)
