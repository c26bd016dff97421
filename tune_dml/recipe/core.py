"""The values that every recipe has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tune_dml.config.domains import Choice, Float, Int
from tune_dml.errors import called_here
from tune_dml.recipe.hyperparameter import Hyperparameter

REPRESENTATIONS = ("mean", "cls", "tokens", "last_token", "mask")
#: Each read-out with its usual setting, then with others: ``name:setting``.
READOUTS = (
    "logistic", "logistic:C=1", "logistic:C=100", "head", "centroid", "centroid:euclidean",
    "knn", "knn:k=1", "knn:k=3", "knn:k=10", "knn:k=20", "knn:k=10,uniform",
    "proxies", "head+proxies", "head+proxies:0.25", "head+proxies:0.5", "head+proxies:0.75",
)  # fmt: skip
SCHEDULES = ("linear", "cosine", "constant")

#: By name: the default, and what it may be at all. A search space narrows it.
CORE: dict[str, Hyperparameter] = {
    "beta": Hyperparameter(
        0.1, Float(0.0, 1.0), "training loss = beta * cross entropy + (1 - beta) * metric loss; ignored by ce"
    ),
    "representation": Hyperparameter(
        "mean",
        Choice(REPRESENTATIONS),
        "how a text becomes one vector: the mean over its tokens, the first, the last, the mask token of a template "
        "that follows the text, or each token as an example of the metric loss (heads and read-outs use the mean)",
    ),
    "readout": Hyperparameter("logistic", Choice(READOUTS), "how classes are read from the final embeddings"),
    "temperature": Hyperparameter(
        1.0,
        Float(0.05, 20.0),
        "the read-out's probabilities are taken to the power 1 / temperature; cross validation picks it afterwards "
        "(Guo et al. 2017, arXiv 1706.04599)",
    ),
    "lr": Hyperparameter(1e-4, Float(0.0, 1.0), "peak learning rate of the encoder"),
    "head_lr": Hyperparameter(1e-3, Float(0.0, 10.0), "of head and projection"),
    "loss_lr": Hyperparameter(1e-2, Float(0.0, 10.0), "of the loss's own parameters; papers: 100 times lr"),
    "weight_decay": Hyperparameter(0.01, Float(0.0, 10.0), "AdamW's, on weight matrices of the encoder and the head"),
    "warmup": Hyperparameter(0.1, Float(0.0, 1.0), "share of the steps in which the learning rates rise from 0"),
    "schedule": Hyperparameter("linear", Choice(SCHEDULES), "what they do afterwards"),
    "epochs": Hyperparameter(20, Int(0, 10_000), "passes over the training texts; 0 leaves the encoder as it is"),
    "batch_size": Hyperparameter(16, Int(2, 65_536), "texts per step"),
    "max_length": Hyperparameter(128, Int(4, 8_192), "tokens per text; longer ones are cut"),
    "dropout": Hyperparameter(
        None,
        Float(0.0, 0.95),
        "in the encoder's trained layers and before the head; all: the encoder's own",
        optional=True,
    ),
    "trainable_layers": Hyperparameter(None, Int(0, 1_000), "how many of the top layers are trained", optional=True),
    "train_word_embeddings": Hyperparameter(
        False, Choice((False, True)), "whether the word-embedding table is trained when all layers are"
    ),
    "max_grad_norm": Hyperparameter(
        1.0, Float(0.0, 1_000.0), "gradients are scaled down to this norm; 0 leaves them as they are"
    ),
}

#: What transformers, sentence-transformers and SetFit call them.
ELSEWHERE = {
    "learning_rate": "lr", "body_learning_rate": "lr", "head_learning_rate": "head_lr", "num_train_epochs": "epochs",
    "num_epochs": "epochs", "per_device_train_batch_size": "batch_size", "train_batch_size": "batch_size",
    "warmup_ratio": "warmup", "warmup_proportion": "warmup", "lr_scheduler_type": "schedule",
    "max_seq_length": "max_length", "pooling": "representation", "pooling_mode": "representation",
}  # fmt: skip


def nearest_hyperparameter(name: str, valid: Iterable[str]) -> str:
    """A hint for a message about an unknown one: what it is called here, else the closest of the ``valid`` names."""
    return called_here(name, valid, ELSEWHERE)


def add_readouts(names: Iterable[str]) -> None:
    """Read-outs that configurations may name beside :data:`READOUTS`."""
    known = CORE["readout"].domain
    assert isinstance(known, Choice)
    new = tuple(name for name in names if not known.contains(name))
    CORE["readout"] = replace(CORE["readout"], domain=Choice((*known.options, *new)))
