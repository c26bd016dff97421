"""A model folder as others read it: as a sentence encoder where it can be one, and in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_dml.data import KINDS
from tune_dml.models.sentence_modules import LENGTH_FILES, MODULES_FILE, POOLINGS, PROMPTS_FILE
from tune_dml.models.tokens import own_limit

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.description import ModelDescription

CARD_FILE = "README.md"
_POOLING_FOLDER = "1_Pooling"
#: What sentence-transformers calls each representation; heads and read-outs take the mean over ``tokens``.
_POOLING = {ours: theirs for theirs, ours in POOLINGS.items()} | {"tokens": "mean"}
_PROMPT = "classification"


def why_no_sentence_encoder(description: ModelDescription, config: Mapping[str, Any]) -> str | None:
    """Why sentence-transformers cannot give the vectors of this model; ``None`` where it can.

    Args:
        config: The encoder's ``config.json``.
    """
    if description.pair_encoding != "joint":
        return "the texts of a pair are encoded apart, and their vectors joined"
    if description.representation not in _POOLING:
        return f"its representation is '{description.representation}', which sentence-transformers does not have"
    if description.averaged_layers > 1:
        return f"its vectors are the mean over the top {description.averaged_layers} layers"
    if description.truncation == "head+tail":
        return "of long texts it reads the beginning and the end"
    if description.truncation == "tail" and description.prefix:
        return "of long texts it reads the end, and the prefix before it"
    if config.get("is_encoder_decoder"):
        return "sentence-transformers would run its decoder too"
    return None


def write_for_others(
    folder: Path,
    description: ModelDescription,
    config: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    dimension: int,
    encoder: str,
) -> None:
    """Beside an encoder and its tokenizer in ``folder``: a card and, where it can be one, all that makes it the same
    sentence encoder for sentence-transformers (versions 2 to 6).

    Args:
        dimension: Of the encoder's states.
        encoder: What the model was trained from.
    """
    reason = why_no_sentence_encoder(description, config)
    if reason is None:
        _write_modules(folder, description, tokenizer, dimension)
    _pad_and_cut_alike(folder / "tokenizer_config.json", description, tokenizer)
    (folder / CARD_FILE).write_text(_card(description, encoder, reason), encoding="utf-8")


def _write_modules(
    folder: Path, description: ModelDescription, tokenizer: PreTrainedTokenizerBase, dimension: int
) -> None:
    kinds = {"": "Transformer", _POOLING_FOLDER: "Pooling"}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds.items())
    ]
    pooling = _POOLING[description.representation]
    keys = {"cls": "cls_token", "mean": "mean_tokens", "lasttoken": "lasttoken"}
    modes = {f"pooling_mode_{key}": mode == pooling for mode, key in keys.items()}
    length = min(description.max_length, own_limit(tokenizer) or description.max_length)
    prompts = {_PROMPT: description.prefix} if description.prefix else {}
    (folder / _POOLING_FOLDER).mkdir()
    for name, values in (
        (MODULES_FILE, modules),
        (f"{_POOLING_FOLDER}/config.json", {"word_embedding_dimension": dimension, **modes}),
        (LENGTH_FILES[0], {"max_seq_length": length, "do_lower_case": False}),
        (PROMPTS_FILE, {"prompts": prompts, "default_prompt_name": _PROMPT if prompts else None}),
    ):
        (folder / name).write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _pad_and_cut_alike(file: Path, description: ModelDescription, tokenizer: PreTrainedTokenizerBase) -> None:
    """Have a tokenizer that is used by itself pad and cut as here, where it does not do so anyway."""
    values = json.loads(file.read_text(encoding="utf-8"))
    wanted = {"padding_side": "right", "truncation_side": "left" if description.truncation == "tail" else "right"}
    changed = {name: side for name, side in wanted.items() if getattr(tokenizer, name, side) != side}
    if tokenizer.pad_token is None and tokenizer.eos_token is not None:
        changed["pad_token"] = str(tokenizer.eos_token)
    if changed:
        values |= changed
        file.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _card(description: ModelDescription, encoder: str, reason: str | None) -> str:
    form = KINDS[description.kind].texts
    text = form.example
    classes = "\n".join(f"- {json.dumps(name, ensure_ascii=False)}" for name in description.label_names)
    loss = str(description.config.get("loss", "ce"))
    reads = f"It reads {description.max_length} tokens of a text"
    reads += {"head": ", the first", "tail": ", the last", "head+tail": ", the first and the last"}[
        description.truncation
    ]
    reads += f", and puts {json.dumps(description.prefix, ensure_ascii=False)} before it" if description.prefix else ""
    if reason is None:
        vectors = (
            f'`SentenceTransformer("PATH OF THIS FOLDER").encode([{text}])` gives the vectors that\n'
            f"`classifier.embed([{text}])` gives in float32, up to the last digits. They are not of unit length."
        )
    else:
        vectors = (
            f"This folder is not a sentence encoder: {reason}.\n`SentenceTransformer` would load it all the same, "
            f"and give other vectors. Use `classifier.embed([{text}])`."
        )
    return f"""# {description.task}: a classifier of {form.called}

{classes}

Trained by tune-dml from `{Path(encoder).name}`, with the loss `{loss}`; read-out `{description.readout}`. {reads}.

```python
import tune_dml

classifier = tune_dml.load("PATH OF THIS FOLDER")
classifier.predict([{text}])
```

## Vectors

{vectors}
"""
