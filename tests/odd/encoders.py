"""Tiny encoders of many families with random weights, in folders as people have them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .odd_forms import POINTER
from .planted import WORDS

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
VOCABULARY = len(_SPECIAL) + len(WORDS)
_SIZES = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_BERT = _SIZES | {"intermediate_size": 64, "max_position_embeddings": 160}
#: Family: the configuration's class, and what it is made with.
FAMILIES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "bert": ("BertConfig", _BERT),
    "distilbert": ("DistilBertConfig", {"vocab_size": VOCABULARY, "dim": 32, "n_layers": 2, "n_heads": 2}),
    "albert": ("AlbertConfig", _BERT | {"embedding_size": 16}),
    "roberta": ("RobertaConfig", _BERT | {"pad_token_id": 0}),
    "electra": ("ElectraConfig", _BERT | {"embedding_size": 32}),
    "mpnet": ("MPNetConfig", _BERT | {"pad_token_id": 0}),
    "deberta-v2": ("DebertaV2Config", _BERT | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "xlnet": ("XLNetConfig", {"vocab_size": VOCABULARY, "d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64}),
    "t5": (
        "T5Config",
        {"vocab_size": VOCABULARY, "d_model": 32, "num_layers": 2, "num_heads": 2, "d_kv": 16, "d_ff": 64},
    ),
    "bart": (
        "BartConfig",
        {"vocab_size": VOCABULARY, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2}
        | {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
        | {"max_position_embeddings": 160, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3},
    ),
    "gpt2": ("GPT2Config", {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 160}),
    "llama": ("LlamaConfig", _BERT | {"num_key_value_heads": 2, "pad_token_id": None}),
    "one layer": ("BertConfig", _BERT | {"num_hidden_layers": 1}),
    "48 positions": ("RobertaConfig", _BERT | {"max_position_embeddings": 48, "pad_token_id": 0}),
}


def build_all(folder: Path) -> None:
    """Writes them all: families first, then the damaged ones, copies of BERT."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for name, (config, values) in FAMILIES.items():
        _build(folder / name, config, values)
    for name, damage in DAMAGED.items():
        shutil.copytree(folder / "bert", folder / name)
        damage(folder / name)


def _build(folder: Path, config: str, values: Mapping[str, Any]) -> None:
    import torch
    import transformers

    torch.manual_seed(1)
    family = getattr(transformers, config)(**values)
    model = transformers.AutoModel.from_config(family)
    # Larger than the usual start, so that texts differ in a model that has learnt nothing.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embed" in name or name.endswith(("wte.weight", "shared.weight")):
                parameter.mul_(20)
    model.save_pretrained(folder)
    positions = 10**30 if folder.name == "48 positions" else 128
    _tokenizer(pad=folder.name not in ("gpt2", "llama"), positions=positions).save_pretrained(folder)


def _tokenizer(pad: bool, positions: int) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate([*_SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"unk_token": "[UNK]", "eos_token": "[SEP]"}
    if pad:
        names |= {"pad_token": "[PAD]", "mask_token": "[MASK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=positions,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )


def _pointer(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes(POINTER) and None


def _truncated(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def _gone(*files: str) -> Callable[[Path], None]:
    return lambda folder: [(folder / file).unlink() for file in files] and None


def _pickled(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def _more_tokens(first: int) -> Callable[[Path], None]:
    """The words from number ``first`` on come after the last row."""

    def change(folder: Path) -> None:
        content = json.loads((folder / "tokenizer.json").read_text())
        vocabulary = content["model"]["vocab"]
        content["model"]["vocab"] = {
            word: place + (VOCABULARY if place >= first else 0) for word, place in vocabulary.items()
        }
        (folder / "tokenizer.json").write_text(json.dumps(content))

    return change


def _sentence_transformer(pooling: str, prompts: Mapping[str, str]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        modules = [
            ("", "sentence_transformers.models.Transformer"),
            ("1_Pooling", "sentence_transformers.models.Pooling"),
        ]
        listed = [
            {"idx": number, "name": str(number), "path": path, "type": kind}
            for number, (path, kind) in enumerate(modules)
        ]
        (folder / "modules.json").write_text(json.dumps(listed))
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 64, "do_lower_case": False}))
        about = {"__version__": {"sentence_transformers": "3.0.0"}, "prompts": prompts, "default_prompt_name": None}
        about["default_prompt_name"] = next(iter(prompts), None)
        (folder / "config_sentence_transformers.json").write_text(json.dumps(about))
        (folder / "1_Pooling").mkdir()
        modes = {"cls": "pooling_mode_cls_token", "mean": "pooling_mode_mean_tokens"}
        values = {"word_embedding_dimension": 32} | {key: name == pooling for name, key in modes.items()}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(values))

    return write


#: Copies of BERT, and what was done to them.
DAMAGED: dict[str, Callable[[Path], None]] = {
    "weights are a pointer": _pointer("model.safetensors"),
    "tokenizer is a pointer": _pointer("tokenizer.json"),
    "config is a pointer": _pointer("config.json"),
    "truncated weights": _truncated,
    "no tokenizer": _gone("tokenizer.json", "tokenizer_config.json"),
    "no weights": _gone("model.safetensors"),
    "pickled weights": _pickled,
    "more tokens than rows": _more_tokens(20),
    "more tokens than rows, in no text": _more_tokens(VOCABULARY - 3),
    "pools cls": _sentence_transformer("cls", {}),
    "wants a prompt": _sentence_transformer("mean", {"query": "query: "}),
    "mön encoder (1)": lambda folder: None,
    "org%2Fname": lambda folder: None,
}
