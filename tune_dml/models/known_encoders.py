"""Encoders that are well proven with few labels: what ``tune-dml encoders`` lists, and ``--encoder suggest`` takes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tune_dml.models.encoder_source import EMBEDDED
from tune_dml.models.sentence_modules import MODULES_FILE

#: Stands for the best of them that fit.
SUGGEST = "suggest"


@dataclass(frozen=True)
class KnownEncoder:
    """An encoder of the Hugging Face hub.

    Attributes:
        name: As ``--encoder`` takes it.
        parameters: Millions.
        body: Of these, what is no word embeddings: time is in proportion to them.
        licence: SPDX.
        languages: ``English``, or how many.
        good_at: A few words.
        source: Where it is described.
        suggested: Whether ``suggest`` may take it: sentence encoders, the best known first in this list.
    """

    name: str
    parameters: float
    body: float
    licence: str
    languages: str
    good_at: str
    source: str
    suggested: bool = False

    @property
    def multilingual(self) -> bool:
        return self.languages != "English"


KNOWN = (
    KnownEncoder(
        *("sentence-transformers/all-mpnet-base-v2", 109, 86, "Apache-2.0", "English"),
        *("sentiment, topics; most tasks with few labels", "Song et al. 2020, arXiv 2004.09297", True),
    ),
    KnownEncoder(
        *("BAAI/bge-base-en-v1.5", 109, 86, "MIT", "English"),
        *("topics, questions", "Xiao et al. 2023, arXiv 2309.07597", True),
    ),
    KnownEncoder(
        *("all-MiniLM-L6-v2", 23, 11, "Apache-2.0", "English"),
        *("question types, topics; quick without a GPU", "Wang et al. 2020, arXiv 2002.10957", True),
    ),
    KnownEncoder(
        *("BAAI/bge-small-en-v1.5", 33, 21, "MIT", "English"),
        *("topics, questions; quick without a GPU", "Xiao et al. 2023, arXiv 2309.07597", True),
    ),
    KnownEncoder(
        *("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", 118, 21, "Apache-2.0", "50"),
        *("texts in other languages, or in several", "Reimers and Gurevych 2020, arXiv 2004.09813", True),
    ),
    KnownEncoder(
        *("intfloat/multilingual-e5-small", 118, 21, "MIT", "94"),
        *("the same, with --prefix 'query: '", "Wang et al. 2024, arXiv 2402.05672"),
    ),
    KnownEncoder(
        *("answerdotai/ModernBERT-base", 149, 110, "Apache-2.0", "English"),
        *("long texts, code, with more labels", "Warner et al. 2024, arXiv 2412.13663"),
    ),
    KnownEncoder(
        *("roberta-base", 125, 86, "MIT", "English"),
        *("a hundred labels and more", "Liu et al. 2019, arXiv 1907.11692"),
    ),
    KnownEncoder(
        *("roberta-large", 355, 304, "MIT", "English"),
        *("the papers' choice; a hundred labels and more, on a GPU", "Liu et al. 2019, arXiv 1907.11692"),
    ),
    KnownEncoder(
        *("FacebookAI/xlm-roberta-base", 278, 86, "MIT", "100"),
        *("other languages, with more labels", "Conneau et al. 2020, arXiv 1911.02116"),
    ),
    KnownEncoder(
        *("bert-tiny", 4, 0.4, "Apache-2.0", "English"),
        *("trying things out in seconds", "Turc et al. 2019, arXiv 1908.08962"),
    ),
)


def where(name: str) -> str:
    """Where a known encoder would come from on this machine: ``package``, ``cache``, or empty where it would have to be
    downloaded."""
    if name in EMBEDDED:
        try:
            distribution(EMBEDDED[name].package)
        except PackageNotFoundError:
            name = f"sentence-transformers/{name}"
        else:
            return "package"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import try_to_load_from_cache

    return "cache" if isinstance(try_to_load_from_cache(name, "config.json"), str) else ""


def as_named(name: str) -> str:
    """The full path of the folder that a user means; ``name`` itself where it is no folder. What is known by its bare
    name is meant by it unless there is a folder here that does hold an encoder."""
    path = Path(os.path.expanduser(name))
    known = name in EMBEDDED or name == SUGGEST
    if not path.is_dir() or (known and not any((path / file).is_file() for file in ("config.json", MODULES_FILE))):
        return name
    return str(path.resolve())
