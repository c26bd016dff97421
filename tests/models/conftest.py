from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tune_dml.models.encoder import EncoderBundle, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.tokens import TokenArrays, tokenize

TEXTS = (
    "a gorgeous film",
    "dull",
    "the plot never finds its feet and the jokes fall flat one after the other",
    "shares of the company rose by four per cent after the announcement",
    "a goal in extra time",
    "who wrote the play that the opera is based on ?",
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def tiny_folder() -> Path:
    folder = find_encoder("bert-tiny").folder
    assert folder is not None
    return folder


@pytest.fixture(scope="session")
def tiny() -> EncoderBundle:
    return load_bundle(find_encoder("bert-tiny"))


@pytest.fixture(scope="session")
def tokens(tiny_folder: Path) -> TokenArrays:
    return tokenize(load_tokenizer(tiny_folder), TEXTS, None, 32)


class _Bomb:
    def __init__(self, trace: str) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (self.trace,)


@pytest.fixture
def plant(tmp_path: Path) -> Callable[[Path], Path]:
    """Puts a pickle at a path that, once opened as one, leaves a trace; gives the trace's path."""
    trace = tmp_path / "exploded"

    def _plant(path: Path) -> Path:
        path.write_bytes(pickle.dumps(_Bomb(str(trace))))
        return trace

    return _plant
