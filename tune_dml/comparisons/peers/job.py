"""What a peer's process is given, and what it gives back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tune_dml.config import from_values


@dataclass(frozen=True)
class PeerJob:
    """One cell for a peer.

    Attributes:
        encoder: Folder of the encoder.
        texts, labels: Of the draw; ``second`` the second texts of pairs, else empty. Labels are numbers from 0 on.
        test, test_second: Texts to be scored.
        classes: How many.
        folds: Training and held-out positions in the draw.
        trials: How many configurations a search may try.
        seeds: Of final trainings.
        max_length: Tokens of a text that are read.
        cuda: Whether to train on a GPU.
    """

    encoder: str
    texts: tuple[str, ...]
    second: tuple[str, ...]
    labels: tuple[int, ...]
    test: tuple[str, ...]
    test_second: tuple[str, ...]
    classes: int
    folds: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    trials: int
    seeds: tuple[int, ...]
    max_length: int
    cuda: bool

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self)))


def read_job(path: Path) -> PeerJob:
    """The inverse of :meth:`PeerJob.write`."""
    values: dict[str, Any] = json.loads(path.read_text())
    values["folds"] = tuple((tuple(train), tuple(heldout)) for train, heldout in values["folds"])
    return from_values(PeerJob, values)


def one_thread() -> None:
    """Before any library is imported that computes: a peer has as many processes as a search has slots."""
    for name, value in {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}.items():
        os.environ[name] = value
