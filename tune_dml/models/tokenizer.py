"""The tokenizer beside an encoder, loaded or refused in a sentence that names the cure."""

from __future__ import annotations

import logging
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from tune_dml.errors import ModelError
from tune_dml.models.damage import check_pointers

#: Files of which a tokenizer without a ``tokenizer.json`` is made, and packages that read them.
_SENTENCEPIECE = ("*.model", "*.spm")
_TIKTOKEN_LINE = re.compile(rb"[A-Za-z0-9+/=]+ \d+\s")
_COPY = "copy the tokenizer's files from where the encoder came from"


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of an encoder (never code from the folder).

    Raises:
        ModelError: it is missing or damaged, or a package that it needs is not installed.
    """
    quiet()
    check_pointers(folder, "*.json", "*.txt", *_SENTENCEPIECE, "*.tiktoken")
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
        nothing = _knows_nothing(tokenizer)
    except ModelError:
        raise
    except Exception as error:  # tokenizers raises bare exceptions
        raise ModelError(f"The tokenizer in {folder} cannot be loaded: {_cause(folder, error)}.") from error
    if nothing:
        raise ModelError(f"The tokenizer in {folder} cannot be loaded: it has no vocabulary; {_COPY}.")
    return tokenizer


def encode(tokenizer: PreTrainedTokenizerBase, texts: str | list[str], *pairs: str | list[str], **how: bool) -> Any:
    """What the tokenizer makes of texts: token ids, and what else it gives.

    Raises:
        ModelError: it has no answer to a text, as one without a token for unknown words.
    """
    try:
        return tokenizer(texts, *pairs, **how)
    except Exception as error:  # tokenizers raises bare exceptions
        raise ModelError(
            f"The encoder's tokenizer fails on the given texts ({first_line(error)}): its files are damaged or belong "
            f"to another encoder; {_COPY}."
        ) from error


def _cause(folder: Path, error: Exception) -> str:
    if not (folder / "tokenizer.json").exists():
        package = _missing_package(folder, str(error))
        if package:
            return f"it needs the package {package}, which is not installed; pip install {package}"
        if not any(file for pattern in ("vocab*", "merges.txt", *_SENTENCEPIECE) for file in folder.glob(pattern)):
            return f"there is neither a tokenizer.json nor a vocabulary; {_COPY}"
    return f"{first_line(error).rstrip('.')}; {_COPY}"


def _missing_package(folder: Path, says: str) -> str:
    """What transformers lacks to read the vocabulary: it names tiktoken whatever the file is."""
    vocabularies = [file for pattern in _SENTENCEPIECE for file in folder.glob(pattern)]
    needed = []
    if vocabularies:
        with vocabularies[0].open("rb") as file:
            needed = ["tiktoken"] if _TIKTOKEN_LINE.match(file.read(200)) else ["sentencepiece", "protobuf"]
    else:
        named = re.search(r"pip install ([A-Za-z0-9_-]+)", says)
        needed = [named[1]] if named else []
    modules = {"protobuf": "google.protobuf"}
    return next((name for name in needed if _absent(modules.get(name, name))), "")


def _absent(module: str) -> bool:
    try:
        return find_spec(module) is None
    except ModuleNotFoundError:
        return True


def _knows_nothing(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether transformers made it up, with special tokens alone, for want of its files."""
    ids = encode(tokenizer, "a film", add_special_tokens=False)["input_ids"]
    known = [number for number in ids if number not in (*tokenizer.all_special_ids, tokenizer.unk_token_id)]
    tokens = tokenizer.convert_ids_to_tokens(known)
    few = len(tokenizer) <= len(tokenizer.all_special_ids) + 2
    return few and not any(character.isalnum() for token in tokens for character in token)


def quiet() -> None:
    """Keep transformers from printing."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)


def first_line(error: Exception) -> str:
    """Of what it says; its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
