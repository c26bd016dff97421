"""Small random encoders of many families, as folders in the Hugging Face layout with a tokenizer of their manners."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel
from zoo_tokenizers import tokenizer

LAYERS, WIDTH, POSITIONS = 3, 32, 48
_SIZES = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": 48}
_LLAMA = {**_SIZES, "num_key_value_heads": 2, "max_position_embeddings": POSITIONS}
_BERT_LIKE = {**_SIZES, "max_position_embeddings": POSITIONS}
_ENCODER_DECODER = {
    "d_model": WIDTH,
    "encoder_layers": LAYERS,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
}
_ROBERTA_LIKE = {**_SIZES, "max_position_embeddings": POSITIONS + 2, "type_vocab_size": 1, "pad_token_id": 1}


@dataclass(frozen=True)
class Family:
    """How to make a small encoder.

    Attributes:
        model_type: As transformers has it.
        config: What differs from its defaults.
        manners: Of the tokenizer: ``bert``, ``roberta``, ``xlnet`` (all that is special at the end), ``t5`` (an end
            token, no start), ``gpt`` (no special token but the end of text, and no padding).
    """

    model_type: str
    config: Mapping[str, Any] = field(default_factory=dict)
    manners: str = "bert"


FAMILIES: dict[str, Family] = {
    "BERT": Family("bert", _BERT_LIKE),
    "RoBERTa": Family("roberta", _ROBERTA_LIKE, "roberta"),
    "XLM-R": Family("xlm-roberta", _ROBERTA_LIKE, "roberta"),
    "DistilBERT": Family(
        "distilbert",
        {"dim": WIDTH, "n_layers": LAYERS, "n_heads": 2, "hidden_dim": 48, "max_position_embeddings": POSITIONS},
    ),
    "ALBERT": Family("albert", {**_BERT_LIKE, "embedding_size": 16}),
    "ELECTRA": Family("electra", {**_BERT_LIKE, "embedding_size": 16}),
    "MPNet": Family("mpnet", {**_ROBERTA_LIKE, "relative_attention_num_buckets": 32}, "roberta"),
    "DeBERTa-v2": Family(
        "deberta-v2",
        {
            **_BERT_LIKE,
            "relative_attention": True,
            "position_buckets": 8,
            "conv_kernel_size": 3,
            "conv_act": "gelu",
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "type_vocab_size": 0,
            "share_att_key": True,
            "norm_rel_ebd": "layer_norm",
        },
    ),
    "ModernBERT": Family("modernbert", {**_BERT_LIKE, "global_attn_every_n_layers": 2, "local_attention": 8}),
    "XLNet": Family("xlnet", {"d_model": WIDTH, "n_layer": LAYERS, "n_head": 2, "d_inner": 48}, "xlnet"),
    "T5": Family(
        "t5",
        {"d_model": WIDTH, "d_kv": 16, "d_ff": 48, "num_layers": LAYERS, "num_decoder_layers": 2, "num_heads": 2},
        "t5",
    ),
    "BART": Family(
        "bart",
        {**_ENCODER_DECODER, "max_position_embeddings": POSITIONS},
        "roberta",
    ),
    "GPT-2": Family("gpt2", {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": 2, "n_positions": POSITIONS}, "gpt"),
    "Llama": Family("llama", _LLAMA, "gpt"),
    "Gemma": Family("gemma", {**_LLAMA, "head_dim": 16}, "gpt"),
    "Gemma 3": Family("gemma3_text", {**_LLAMA, "head_dim": 16, "sliding_window": 8}, "gpt"),
    "Qwen2": Family("qwen2", _LLAMA, "gpt"),
    "Qwen3": Family("qwen3", {**_LLAMA, "head_dim": 16}, "gpt"),
}

OTHERS: dict[str, Family] = {
    "BigBird": Family(
        "big_bird", {**_BERT_LIKE, "max_position_embeddings": 512, "block_size": 4, "num_random_blocks": 1}
    ),
    "BLOOM": Family("bloom", {"hidden_size": WIDTH, "n_layer": LAYERS, "n_head": 2}, "gpt"),
    "CamemBERT": Family("camembert", _ROBERTA_LIKE, "roberta"),
    "CANINE": Family("canine", {**_BERT_LIKE, "max_position_embeddings": 512}),
    "CLIP": Family(
        "clip", {"text_config": {**_BERT_LIKE}, "vision_config": {**_SIZES, "image_size": 16, "patch_size": 8}}
    ),
    "CLIP's text tower": Family("clip_text_model", _BERT_LIKE, "roberta"),
    "ConvBERT": Family("convbert", {**_BERT_LIKE, "embedding_size": 16, "head_ratio": 1, "conv_kernel_size": 3}),
    "DeBERTa": Family(
        "deberta", {**_BERT_LIKE, "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "type_vocab_size": 0}
    ),
    "Data2Vec": Family("data2vec-text", _ROBERTA_LIKE, "roberta"),
    "DPR": Family("dpr", _BERT_LIKE),
    "ERNIE": Family("ernie", _BERT_LIKE),
    "EuroBERT": Family("eurobert", _LLAMA),
    "Falcon": Family("falcon", {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 2}, "gpt"),
    "FNet": Family("fnet", _BERT_LIKE),
    "Funnel": Family(
        "funnel",
        {
            "d_model": WIDTH,
            "block_sizes": [1, 1, 1],
            "block_repeats": [1, 1, 1],
            "architectures": ["FunnelModel"],
            "n_head": 2,
            "d_head": 16,
            "d_inner": 48,
        },
    ),
    "Gemma 2": Family("gemma2", {**_LLAMA, "head_dim": 16, "sliding_window": 8}, "gpt"),
    "GPT-Neo": Family(
        "gpt_neo",
        {
            "hidden_size": WIDTH,
            "num_layers": 2,
            "num_heads": 2,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 8,
            "max_position_embeddings": POSITIONS,
        },
        "gpt",
    ),
    "GPT-NeoX": Family("gpt_neox", _BERT_LIKE, "gpt"),
    "LayoutLM": Family("layoutlm", _BERT_LIKE),
    "LED": Family(
        "led",
        {**_ENCODER_DECODER, "attention_window": 8, "max_encoder_position_embeddings": POSITIONS},
        "roberta",
    ),
    "Longformer": Family("longformer", {**_ROBERTA_LIKE, "attention_window": 8}, "roberta"),
    "Wav2Vec2": Family("wav2vec2", _SIZES),
    "Mamba": Family("mamba", {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "state_size": 4}, "gpt"),
    "Marian": Family(
        "marian",
        {**_ENCODER_DECODER, "max_position_embeddings": POSITIONS, "pad_token_id": 0, "decoder_start_token_id": 0},
        "t5",
    ),
    "mBART": Family(
        "mbart",
        {**_ENCODER_DECODER, "max_position_embeddings": POSITIONS},
        "roberta",
    ),
    "MegatronBERT": Family("megatron-bert", _BERT_LIKE),
    "Mistral": Family("mistral", {**_LLAMA, "head_dim": 16, "sliding_window": 8}, "gpt"),
    "MobileBERT": Family(
        "mobilebert",
        {**_BERT_LIKE, "embedding_size": 16, "intra_bottleneck_size": 16, "num_feedforward_networks": 2},
    ),
    "mT5": Family("mt5", {"d_model": WIDTH, "d_kv": 16, "d_ff": 48, "num_layers": LAYERS, "num_heads": 2}, "t5"),
    "NomicBERT": Family("nomic_bert", _BERT_LIKE),
    "NystromFormer": Family("nystromformer", {**_BERT_LIKE, "num_landmarks": 4, "segment_means_seq_len": 8}),
    "OPT": Family(
        "opt",
        {
            "hidden_size": WIDTH,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": 2,
            "ffn_dim": 48,
            "max_position_embeddings": POSITIONS,
            "word_embed_proj_dim": WIDTH,
        },
        "gpt",
    ),
    "Phi": Family("phi", _LLAMA, "gpt"),
    "RemBERT": Family("rembert", {**_BERT_LIKE, "input_embedding_size": 16}),
    "RoFormer": Family("roformer", {**_BERT_LIKE, "embedding_size": 16}),
    "SqueezeBERT": Family(
        "squeezebert", {**_BERT_LIKE, "embedding_size": WIDTH, "q_groups": 2, "k_groups": 2, "v_groups": 2}
    ),
    "ViT": Family("vit", {**_SIZES, "image_size": 16, "patch_size": 8}),
    "XLM": Family(
        "xlm", {"emb_dim": WIDTH, "n_layers": LAYERS, "n_heads": 2, "max_position_embeddings": POSITIONS}, "roberta"
    ),
    "YOSO": Family("yoso", _BERT_LIKE),
}


def make_encoder(
    folder: Path, family: Family, seed: int = 0, rows: int | None = None, extra: int = 0, **config: Any
) -> Path:
    """A random encoder with its tokenizer in ``folder``, which is made.

    Args:
        rows: Of the word embeddings; as many as the tokenizer has tokens where it is not given.
        extra: Words that only the tokenizer has where ``rows`` is less.
        config: What differs from the family's.
    """
    torch.manual_seed(seed)
    tok = tokenizer(family.manners, extra)
    values = {"vocab_size": rows or len(tok), **family.config, **config}
    for name in ("pad", "bos", "eos"):
        token = getattr(tok, f"{name}_token_id")
        values.setdefault(f"{name}_token_id", token)
    for part in ("text_config",):
        if part in values:
            values[part] = {"vocab_size": values["vocab_size"], **values[part]}
    model = AutoModel.from_config(AutoConfig.for_model(family.model_type, **values))
    # Larger weights than transformers draws: of near-zero ones every text gets nearly the same vector.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.normal_(0.0, 0.5 if "emb" in name or "wte" in name else 0.15)
    model.save_pretrained(folder)
    tok.save_pretrained(folder)
    return folder


def rewrite_config(folder: Path, **values: Any) -> None:
    """Change ``config.json``."""
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))
