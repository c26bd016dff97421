"""What the numbers of a search may depend on besides its configuration."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from tune_dml.version import __version__

_PACKAGES = ("torch", "transformers", "pytorch-metric-learning", "scikit-learn", "numpy", "ray", "optuna", "mlflow")
#: Of these, what training and read-outs compute with.
_ARITHMETIC = ("tune-dml", "torch", "transformers", "pytorch-metric-learning", "scikit-learn", "numpy", "machine")


def versions(device: str) -> dict[str, Any]:
    """Of this package, of those that it uses, and of the machine, as ``search.yaml`` and ``best.yaml`` hold them."""
    return {
        "tune-dml": __version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
        "machine": platform.machine(),
        "device": device,
        "threads": 1,
    }


def other_versions(recorded: Mapping[str, Any]) -> str | None:
    """A sentence, if what was ``recorded`` computed with other versions than are here."""
    here = versions("")
    others = [name for name in _ARITHMETIC if recorded.get(name, here[name]) != here[name]]
    if not others:
        return None
    told = ", ".join(f"{name} {recorded[name]} (here {here[name]})" for name in others)
    return f"It was made with {told}: the same seed may give other numbers here."
