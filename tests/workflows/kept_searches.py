"""The searches in ``tests/kept``, laid out as their users have them, and what their makers' code said of them."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
import yaml

KEPT = Path(__file__).resolve().parents[1] / "kept"
ANSWERS: dict[str, Any] = json.loads((KEPT / "answers.json").read_text(encoding="utf-8"))
MAKER = ANSWERS["made by"]
#: The results folder at that time.
MADE_IN = yaml.safe_load((KEPT / "results/searches/texts/search.yaml").read_text())["settings"]["results"]
#: Of probabilities. Another processor or torch adds in another order.
SAME_MACHINE = (torch.backends.cpu.get_cpu_capability(), torch.__version__) == (MAKER["cpu"], MAKER["torch"])
TOLERANCE = 1e-6 if SAME_MACHINE else 1e-3
#: ``predict`` writes six digits.
ROUNDED = 5.1e-7


def laid_out(folder: Path) -> Path:
    """The kept results in ``folder``, as they were when they were made: at another place."""
    results = shutil.copytree(KEPT / "results", folder / "results")
    (results / "mlflow.db").write_bytes(gzip.decompress((results / "store.gz").read_bytes()))
    (results / "store.gz").unlink()
    (results / "artifacts").rename(results / "mlartifacts")
    return results


def placeless(text: str, results: Path) -> str:
    """Without the folder that the results are in now, and the one that they were made in: some texts name that."""
    return text.replace(str(results), "RESULTS").replace(MADE_IN, "RESULTS")


def as_kept(document: Any, results: Path) -> Any:
    return json.loads(placeless(json.dumps(document), results))


def as_then(now: Any, then: Any) -> Any:
    """What ``now`` says of all that ``then`` says something of: documents may have learnt to say more."""
    if isinstance(then, dict) and isinstance(now, dict):
        return {key: as_then(now.get(key), value) for key, value in then.items()}
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [as_then(one, other) for one, other in zip(now, then, strict=True)]
    return now


def close(found: npt.ArrayLike, expected: npt.ArrayLike, rounded: float = 0.0) -> bool:
    """Whether they are the same, as far as this machine can tell."""
    same_shape = np.shape(found) == np.shape(expected)
    return same_shape and np.allclose(found, expected, rtol=0, atol=TOLERANCE + rounded)


def alike(found: npt.ArrayLike, expected: npt.ArrayLike) -> bool:
    """Whether they may be of two models that differ in their random numbers only."""
    together = np.corrcoef(np.ravel(found), np.ravel(expected))[0, 1]
    return np.shape(found) == np.shape(expected) and bool(together > 0.8)


def stored(search: Path, stage: str, number: int) -> npt.NDArray[np.float32]:
    """What the search measured of its winner with the read-out that it has got: a confirm seed or a round."""
    best = yaml.safe_load((search / "best.yaml").read_text())
    table = pd.read_parquet(search / "predictions.parquet")
    mine = (table.stage == stage) & (table.name == best["name"]) & (table.seed_or_round == number)
    table = table[mine & (table.readout == best["config"]["readout"])].sort_values("row")
    assert len(table)
    return table[[f"p_{i}" for i in range(len(best["label_names"]))]].to_numpy()


def trained(output: Path) -> npt.NDArray[np.float32]:
    table = pd.read_parquet(output / "predictions.parquet").sort_values("row")
    return table[[name for name in table if str(name).startswith("p_")]].to_numpy()
