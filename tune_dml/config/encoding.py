"""Rounds, confirm runs and soups as JSON values, for the journal. Probabilities keep every bit."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tune_dml.config.records import ConfirmRun, Probabilities, Round, SoupRound


def round_to_json(item: Round) -> dict[str, Any]:
    """The inverse of :func:`round_from_json`."""
    return {
        "number": item.number,
        "rows": [int(row) for row in item.rows],
        "scores": dict(item.scores),
        "seconds": round(item.seconds, 3),
        "diagnostics": dict(item.diagnostics),
        "probabilities": _pack(item.probabilities),
    }


def round_from_json(values: Mapping[str, Any]) -> Round:
    """A round as the worker made it."""
    return Round(
        number=int(values["number"]),
        rows=np.array(values["rows"], dtype=np.int64),
        probabilities=_unpack(values["probabilities"]),
        scores=dict(values["scores"]),
        seconds=float(values["seconds"]),
        diagnostics=dict(values["diagnostics"]),
    )


def confirm_to_json(run: ConfirmRun) -> dict[str, Any]:
    """The inverse of :func:`confirm_from_json`."""
    return {
        "candidate": run.candidate,
        "seed": run.seed,
        "seconds": round(run.seconds, 3),
        "reason": run.reason,
        "probabilities": _pack(run.probabilities),
    }


def confirm_from_json(values: Mapping[str, Any]) -> ConfirmRun:
    """A confirm run as the worker made it."""
    return ConfirmRun(
        candidate=str(values["candidate"]),
        seed=int(values["seed"]),
        probabilities=_unpack(values["probabilities"]),
        seconds=float(values["seconds"]),
        reason=values["reason"],
    )


def soup_round_to_json(item: SoupRound) -> dict[str, Any]:
    """The inverse of :func:`soup_round_from_json`."""
    return {
        "candidate": item.candidate,
        "number": item.number,
        "rows": [int(row) for row in item.rows],
        "readout": item.readout,
        "seconds": round(item.seconds, 3),
        "probabilities": _pack({"soup": item.soup, **{str(seed): one for seed, one in enumerate(item.seeds)}}),
    }


def soup_round_from_json(values: Mapping[str, Any]) -> SoupRound:
    """A round of a soup as the worker made it."""
    probabilities = _unpack(values["probabilities"])
    soup = probabilities.pop("soup")
    return SoupRound(
        candidate=str(values["candidate"]),
        number=int(values["number"]),
        rows=np.array(values["rows"], dtype=np.int64),
        readout=str(values["readout"]),
        soup=soup,
        seeds=tuple(probabilities.values()),
        seconds=float(values["seconds"]),
    )


def _pack(probabilities: Mapping[str, Probabilities]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "classes": int(array.shape[1]),
            "data": base64.b64encode(zlib.compress(array.astype("<f4").tobytes())).decode("ascii"),
        }
        for name, array in probabilities.items()
    }


def _unpack(packed: Mapping[str, Mapping[str, Any]]) -> dict[str, Probabilities]:
    return {
        name: np.frombuffer(zlib.decompress(base64.b64decode(item["data"])), dtype="<f4").reshape(-1, item["classes"])
        for name, item in packed.items()
    }
