"""The four searches. Between them: TPE's draws, every representation of encoders, both pair encodings, rounds that are
folds and rounds that are parts of a schedule, proxies, and most of what a recipe may have besides a loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

#: For each. All have more trials than those after which TPE draws instead of chance.
SHARED = "--seed 3 --confirm-seeds 2 --concurrency 1 --cpus-per-trial 1 --gpus-per-trial 0"
_ANIMALS = ("cat", "dog", "horse", "cow", "pig", "sheep", "goat", "hen")
_TOOLS = ("hammer", "saw", "drill", "pliers", "file", "chisel", "wrench", "plane")
_FILLER = (
    "an",
    "old",
    "one",
    "that",
    "was",
    "sold",
    "in",
    "the",
    "town",
    "last",
    "week",
    "by",
    "a",
    "man",
    "with",
    "no",
)


@dataclass(frozen=True)
class Search:
    """A search.

    Attributes:
        name: Of it, and of its folder.
        arguments: Of ``tune-dml search``; ``{folder}`` is where ``files`` are.
        files: Their contents by name.
    """

    name: str
    arguments: str
    files: Mapping[str, str] = field(default_factory=dict)


def _pairs(count: int) -> str:
    """Texts on the same thing, on things of one sort, and on things of two; one label in ten is drawn by chance."""
    random = Random(1)
    lines = ["first\tsecond\tlabel"]
    for number in range(count):
        label = ("same", "kin", "other")[number % 3]
        sorts = random.sample((_ANIMALS, _TOOLS), 2)
        one = random.choice(sorts[0])
        others = {"same": (one,), "kin": [word for word in sorts[0] if word != one], "other": sorts[1]}
        texts = [
            " ".join([*random.sample(_FILLER, 3), word, *random.sample(_FILLER, number % 4)])
            for word in (one, random.choice(others[label]))
        ]
        lines.append("\t".join([*texts, label if random.random() < 0.9 else random.choice(("same", "kin", "other"))]))
    return "\n".join(lines) + "\n"


_PAIR_SPACE = """
pair_encoding: {choices: [joint, towers]}
loss: {choices: [ce, supcon, proxy_anchor]}
representation: {choices: [mean, cls]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
epochs: {int: [2, 4]}
max_length: 32
batch_size: {choices: [8, 16]}
beta: {float: [0.1, 0.9], when: {loss: [supcon, proxy_anchor]}}
projection: {choices: [none, linear, mlp], when: {loss: [supcon, proxy_anchor]}}
projection_size: {int: [8, 64], log: true, when: {projection: [linear, mlp]}}
keep_projection: {choices: [false, true], when: {projection: [linear, mlp]}}
head: {choices: [linear, mlp]}
supcon: {temperature: {float: [0.05, 0.5], log: true}}
proxy_anchor: {alpha: {float: [4.0, 64.0], log: true}, margin: 0.1}
first:
  - {pair_encoding: towers, loss: supcon, projection: mlp, keep_projection: true}
  - {pair_encoding: joint, loss: proxy_anchor, projection: linear, keep_projection: false}
  - {pair_encoding: towers, loss: ce, head: mlp}
"""
_SCHEDULE_SPACE = """
loss: {choices: [ce, multi_similarity, triplet]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
head_lr: {float: [5.0e-4, 5.0e-3], log: true}
epochs: {int: [1, 3]}
max_length: 16
batch_size: {choices: [16, 32]}
beta: {float: [0.1, 0.9], when: {loss: [multi_similarity, triplet]}}
averaged_layers: {int: [1, 2]}
trainable_layers: {choices: [1, all]}
train_word_embeddings: {choices: [false, true]}
layer_decay: {float: [0.5, 1.0]}
reinit_layers: {int: [0, 1]}
label_smoothing: {float: [0.0, 0.2]}
class_weights: {choices: [equal, balanced]}
dropout: {float: [0.0, 0.3]}
weight_decay: {float: [0.001, 0.1], log: true}
warmup: {float: [0.0, 0.3]}
schedule: {choices: [linear, cosine, constant]}
max_grad_norm: {choices: [0.0, 1.0]}
patience: {int: [0, 1]}
multi_similarity: {miner: {choices: [none, multi_similarity]}}
triplet: {margin: {float: [0.05, 0.5]}, miner: {choices: [none, semihard]}}
first:
  - {loss: triplet, epochs: 2, reinit_layers: 1, averaged_layers: 2, class_weights: balanced}
  - {loss: ce, epochs: 3, patience: 1, train_word_embeddings: true, trainable_layers: all}
"""
_TOKEN_SPACE = """
loss: {choices: [softtriple, proxy_nca, subcenter_arcface]}
representation: {choices: [tokens, mask]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
loss_lr: {float: [1.0e-3, 1.0e-1], log: true}
beta: {float: [0.1, 0.9]}
epochs: {int: [3, 6]}
max_length: 24
layer: {choices: [1, all]}
softtriple:
  la: {float: [4.0, 40.0], log: true}
  gamma: 0.1
  margin: {float: [0.0, 0.5]}
  centers: {int: [2, 6]}
  tau: 0.2
proxy_nca: {scale: {float: [2.0, 16.0], log: true}}
first:
  - {loss: softtriple, representation: tokens, layer: all}
  - {loss: softtriple, representation: mask, layer: all}
  - {loss: proxy_nca, representation: mask, layer: 1}
"""

SEARCHES: tuple[Search, ...] = (
    Search("bbc", "--task bbc --encoder all-MiniLM-L6-v2 --shots 16 --folds 3 --trials 11 --precision float32"),
    Search(
        "pairs",
        "--task alike --data {folder}/pairs.tsv --text-column first --text-column second --encoder bert-tiny "
        "--shots 48 --folds 4 --space {folder}/pairs.yaml --trials 12 --scheduler none --metric log_loss "
        "--precision bfloat16",
        {"pairs.tsv": _pairs(120), "pairs.yaml": _PAIR_SPACE},
    ),
    Search(
        "schedule",
        "--task tweets --encoder bert-tiny --shots 1200 --space {folder}/schedule.yaml --metric macro_f1 "
        "--trials 10 --precision float32 --truncation head+tail --prefix 'tweet: '",
        {"schedule.yaml": _SCHEDULE_SPACE},
    ),
    Search(
        "tokens",
        "--task bbc --encoder bert-tiny --shots 40 --folds 4 --space {folder}/tokens.yaml --trials 12 "
        "--precision float32 --ensemble",
        {"tokens.yaml": _TOKEN_SPACE},
    ),
)
