"""A task that trains in a fraction of a second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from tune_dml.models.encoder import EncoderBundle, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.tokens import TokenArrays, tokenize
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.stage import Stage

_SUBJECTS = ("the film", "this play", "her novel", "the second act")
_ENDINGS = (
    ("is a delight", "moved everyone to tears of joy", "shines"),
    ("is dull", "bored everyone in the room to death", "fails"),
    ("opens in ten cinemas on friday", "was sold for two million", "runs"),
)


@dataclass(frozen=True)
class Small:
    """36 short texts of 3 classes and the encoder bert-tiny."""

    encoder: EncoderBundle
    tokens: TokenArrays
    labels: npt.NDArray[np.int64]
    folder: Path

    def tokenized(self, texts: list[str]) -> TokenArrays:
        return tokenize(load_tokenizer(self.folder), texts, None, 24)

    def fit(self, config: Configuration, seed: int = 0) -> Stage:
        score = {"first": self.tokens.take(np.arange(6))}
        return fit_once(config, self.encoder, Examples(self.tokens, self.labels, "single", 3), score, seed=seed)


class Spy(nn.Module):
    """Stands where the metric loss was and keeps what it is given."""

    def __init__(self, seen: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.seen = seen

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        self.seen.append((vectors.detach().clone(), labels.clone()))
        return vectors.square().mean()


def make_small() -> Small:
    source = find_encoder("bert-tiny")
    assert source.folder is not None
    rows = [(f"{s} {e}", c) for s in _SUBJECTS for c, endings in enumerate(_ENDINGS) for e in endings]
    tokens = tokenize(load_tokenizer(source.folder), [text for text, _ in rows], None, 24)
    return Small(load_bundle(source), tokens, np.array([c for _, c in rows], dtype=np.int64), source.folder)
