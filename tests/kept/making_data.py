"""The texts, the search spaces and the encoder that the kept searches were made of."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from encoder_zoo import FAMILIES, make_encoder

TOPICS = {
    "film": ("film", "plot", "jokes", "actor", "gorgeous", "dull"),
    "money": ("shares", "market", "bank", "price", "rose", "fell"),
    "sport": ("goal", "match", "team", "striker", "won", "lost"),
}
FILLER = ("the", "a", "was", "is", "and", "of", "in", "over", "after", "very", "late", "early")
SPACE = """
loss: {choices: [ce, supcon, softtriple]}
lr: {float: [1.0e-3, 1.0e-2], log: true}
epochs: 8
batch_size: 8
max_length: 16
beta: {float: [0.1, 0.9], when: {loss: [supcon, softtriple]}}
softtriple: {centers: {int: [2, 3]}}
first:
  - {loss: softtriple, lr: 5.0e-3, beta: 0.3}
  - {loss: supcon, lr: 5.0e-3, beta: 0.3}
"""
SPACES = {
    "texts.yaml": SPACE,
    "long.yaml": SPACE.replace("epochs: 8", "epochs: 60"),
    "pairs.yaml": SPACE.replace("first:", "pair_encoding: {choices: [towers, joint]}\nfirst:"),
    "plugin.yaml": """
loss: prototypes
lr: {float: [1.0e-3, 1.0e-2], log: true}
beta: 0.2
epochs: 8
batch_size: 8
max_length: 16
prototypes: {scale: {float: [2.0, 10.0], log: true}}
""",
}


def write_data(folder: Path) -> None:
    """Labelled texts and pairs, texts and pairs without labels, and the spaces."""
    random = Random(5)
    folder.mkdir(parents=True)
    names = list(TOPICS)
    seen: set[str] = set()

    def text(topic: str) -> str:
        while True:
            words = [*random.sample(TOPICS[topic], 3), *random.sample(FILLER, 2)]
            random.shuffle(words)
            found = " ".join(words)
            if found not in seen:
                seen.add(found)
                return found

    def pair(same: bool) -> tuple[str, str]:
        one = random.choice(names)
        return text(one), text(one if same else random.choice([name for name in names if name != one]))

    _write(folder / "texts.csv", ("text", "label"), [(text(names[i % 3]), names[i % 3]) for i in range(45)])
    rows = [(*pair(i % 2 == 0), ("yes", "no")[i % 2]) for i in range(40)]
    _write(folder / "pairs.csv", ("text_a", "text_b", "label"), rows)
    _write(folder / "new.csv", ("text",), [(text(names[i % 3]),) for i in range(6)])
    _write(folder / "new-pairs.csv", ("text_a", "text_b"), [pair(i % 2 == 0) for i in range(6)])
    for name, content in SPACES.items():
        (folder / name).write_text(content)


def write_encoder(folder: Path) -> None:
    """A BERT of two narrow layers with random weights."""
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "intermediate_size": 16, "max_position_embeddings": 48}
    make_encoder(folder, FAMILIES["BERT"], seed=2, **sizes)


def _write(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([columns, *rows])
