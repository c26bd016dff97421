"""The part of ``tune-dml doctor`` that opens an encoder as a search would, and puts texts through it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tune_dml.errors import ModelError, TuneDMLError
from tune_dml.execution.preflight import Check
from tune_dml.models.encoder_source import EncoderSource, find_encoder

_TEXTS = ("a warm film", "The plot is slow, and the jokes fall flat.")


def check_encoder(name: str) -> tuple[EncoderSource | None, Check]:
    """Whether a search could use the encoder: it is loaded with its tokenizer and gives vectors; or, where it is not
    on this machine, it can be fetched."""
    try:
        source = find_encoder(name)
        if source.folder is None:
            size = (source.download_bytes or 0) / 1e6
            return source, Check(f"encoder: {name} can be downloaded from the hub ({size:,.0f} MB)")
        return source, Check(f"encoder: {name} is on this machine ({_tried(source)})")
    except TuneDMLError as error:
        return None, check_of(error)


def _tried(source: EncoderSource) -> str:
    """What it is, once two texts have gone through it."""
    import numpy as np
    import torch

    from tune_dml.models.embedding import embed
    from tune_dml.models.encoder import build_encoder, load_bundle, load_tokenizer
    from tune_dml.models.prefix import LayeredEncoder
    from tune_dml.models.tokens import tokenize
    from tune_dml.models.vocabulary import check_vocabulary, tokenizer_note

    assert source.folder is not None
    bundle, tokenizer = load_bundle(source), load_tokenizer(source.folder)
    tokens = tokenize(tokenizer, _TEXTS, None, min(bundle.positions or 32, 32))
    check_vocabulary(bundle, tokens, tokenizer, "trial")
    encoder = LayeredEncoder(build_encoder(bundle), None, traits=bundle.facts.traits)
    vectors = embed(encoder, tokens, "mean", 32, torch.device("cpu"))
    if not np.isfinite(vectors).all():
        raise ModelError(
            f"The encoder in {source.folder} gives numbers that are not finite; its weights are damaged: copy or "
            "download them again."
        )
    layers = "layers that cannot be told apart" if bundle.layers is None else f"{bundle.layers} layers"
    reads = "" if bundle.positions is None else f", reads {bundle.positions} tokens"
    about = f"{bundle.parameters:,} parameters, {layers}, {bundle.dimension} dimensions{reads}"
    return "; ".join([about, *tokenizer_note(bundle, tokenizer)])


def check_download(source: EncoderSource) -> Check:
    """Whether there is room for an encoder that is to come from the hub."""
    from huggingface_hub.constants import HF_HUB_CACHE

    cache = Path(HF_HUB_CACHE).absolute()
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free, size = float(shutil.disk_usage(there).free), float(source.download_bytes or 0)
    if free < size:
        return Check(
            f"download: {size / 1e9:.1f} GB are to come, and {free / 1e9:.1f} GB are free at {cache}",
            "Make room there, or set HF_HOME to a folder on another disk.",
        )
    return Check(f"download: there is room for it at {cache}")


def check_of(error: TuneDMLError) -> Check:
    """What an error says is wrong, apart from what it says to do."""
    text = str(error)
    for mark in (". ", "; "):
        says, _, mend = text.partition(mark)
        if mend:
            return Check(says.rstrip("."), mend[0].upper() + mend[1:])
    return Check(text.rstrip("."), "See --debug.")
