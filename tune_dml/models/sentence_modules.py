"""What a folder of sentence-transformers says of its own manners: pooling, prompts, the length of texts.

Versions 2 to 6 of that package wrote the files that are read here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_dml.errors import ModelError
from tune_dml.models.damage import check_pointers

MODULES_FILE = "modules.json"
PROMPTS_FILE = "config_sentence_transformers.json"
#: Each model family once had a file of its own.
LENGTH_FILES = tuple(
    f"sentence_{family}_config.json"
    for family in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
#: What its module of the encoder is, by the last word of its type; its first versions had one for each family.
_ENCODERS = ("Transformer", "BERT", "RoBERTa", "DistilBERT", "ALBERT", "CamemBERT", "XLMRoBERTa", "XLNet")
#: How that package calls representations; before its version 6 each was a key that is true or false.
POOLINGS = {"cls": "cls", "mean": "mean", "lasttoken": "last_token"}
_POOLING_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
#: Prompts that stand for what a classifier reads, the fittest first.
_PROMPTS = ("classification", "query")


@dataclass(frozen=True)
class Manners:
    """How an encoder's own files want it used.

    Attributes:
        representation: ``cls``, ``mean`` or ``last_token``; ``None`` where its pooling is none of them.
        pooling: What they call it.
        prefix: What texts begin with; empty where they say nothing.
        max_length: Tokens of a text that are read; ``None`` where they say nothing.
        others: Modules that change vectors and are left out here, such as ``Dense``.
        unused: Why a prompt that they name is not taken; empty where there is none.
        lower: Whether they lower the case of texts, which is not done here.
    """

    representation: str | None
    pooling: str
    prefix: str = ""
    max_length: int | None = None
    others: tuple[str, ...] = ()
    unused: str = ""
    lower: bool = False


def read_manners(folder: Path) -> Manners | None:
    """What the files in an encoder's folder say; ``None`` where it has no ``modules.json``.

    Raises:
        ModelError: the files are there but cannot be read.
    """
    if not (folder / MODULES_FILE).is_file():
        if transformer_folder(folder.parent) != folder:
            return None
        folder = folder.parent
    modules = _modules(folder)
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    pooling, whole = "mean", True
    for module, kind in zip(modules, kinds, strict=True):
        if kind == "Pooling":
            file = folder / _inside(module.get("path")) / "config.json"
            if not file.is_file():
                raise ModelError(
                    f"{folder / MODULES_FILE} names a pooling whose file {file} is not there: the folder is not whole. "
                    f"Copy it, or remove {MODULES_FILE} to use the encoder with the mean of its tokens."
                )
            pooling, whole = _pooling(file)
    # A length of unit, or none, is all the same to a classifier that is trained.
    others = tuple(kind for kind in kinds if kind not in (*_ENCODERS, "Pooling", "Normalize"))
    prompts = _mapping(folder / PROMPTS_FILE)
    prefix = _prefix(prompts)
    unused = ""
    if prefix and not whole:
        # Vectors that leave the prompt's tokens out cannot be had here.
        prefix, unused = "", f"its prompt {prefix!r} is left out, since its pooling passes over a prompt's tokens"
    elif not prefix and prompts.get("prompts") and _named(prompts):
        unused = f"its default prompt {prompts['default_prompt_name']!r} is none that its files have"
    inner = transformer_folder(folder) or folder
    length, lower = _length(inner) or _length(folder), _lowers(inner) or _lowers(folder)
    return Manners(POOLINGS.get(pooling), pooling, prefix, length, others, unused, lower)


def transformer_folder(folder: Path) -> Path | None:
    """Where ``modules.json`` has the encoder, if that is a folder of its own: ``0_Transformer`` of older versions."""
    if not (folder / MODULES_FILE).is_file():
        return None
    for module in _modules(folder):
        path = _inside(module.get("path"))
        if str(module.get("type", "")).rpartition(".")[2] in _ENCODERS and path not in ("", "."):
            return folder / path
    return None


def _modules(folder: Path) -> list[dict[str, Any]]:
    modules = _json(folder / MODULES_FILE)
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise _damaged(folder / MODULES_FILE, "it is not a list of modules")
    return modules


def _named(prompts: Mapping[str, Any]) -> bool:
    return isinstance(prompts.get("default_prompt_name"), str)


def _pooling(file: Path) -> tuple[str, bool]:
    """What it is called (several with ``+``), and whether the tokens of a prompt count."""
    values = _mapping(file)
    modes = values.get("pooling_mode")
    if modes is None:
        modes = [mode for key, mode in _POOLING_KEYS.items() if values.get(key)]
    elif isinstance(modes, str):
        modes = [modes]
    if not isinstance(modes, list):
        raise _damaged(file, "pooling_mode is neither a name nor a list of names")
    return "+".join(str(mode).lower() for mode in modes) or "mean", bool(values.get("include_prompt", True))


def _prefix(values: Mapping[str, Any]) -> str:
    prompts = values.get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    default = values.get("default_prompt_name")
    for name in (default,) if default is not None else _PROMPTS:
        prompt = prompts.get(name) if isinstance(name, str) else None
        if isinstance(prompt, str) and prompt:
            return prompt
    return ""


def _length(folder: Path) -> int | None:
    for name in LENGTH_FILES:
        length = _mapping(folder / name).get("max_seq_length")
        if isinstance(length, int) and not isinstance(length, bool) and length > 0:
            return length
    return None


def _lowers(folder: Path) -> bool:
    return any(_mapping(folder / name).get("do_lower_case") is True for name in LENGTH_FILES)


def _inside(path: Any) -> str:
    """A path below the folder, wherever else it may lead."""
    parts = Path(str(path or "")).parts
    return "" if any(part in ("..", "/") for part in parts) else str(Path(*parts))


def _mapping(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    values = _json(file)
    if not isinstance(values, dict):
        raise _damaged(file, "it holds no mapping")
    return values


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        check_pointers(file.parent, file.name)
        raise _damaged(file, str(error)) from None


def _damaged(file: Path, why: str) -> ModelError:
    return ModelError(f"{file} cannot be read ({why}). Mend it, or remove {MODULES_FILE} to use the encoder without.")
