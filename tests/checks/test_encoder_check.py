"""Doctor's look at an encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from encoder_zoo import FAMILIES, make_encoder
from safetensors.numpy import load_file, save_file

from tune_dml.checks.encoder_check import check_download, check_encoder
from tune_dml.models.encoder_source import EncoderSource


def test_one_that_is_here_is_tried() -> None:
    source, check = check_encoder("bert-tiny")
    assert source is not None
    assert check.ok
    assert (
        "bert-tiny is on this machine (4,369,408 parameters, 2 layers, 128 dimensions, reads 512 tokens" in check.says
    )


def test_numbers_that_are_none_are_found(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "odd", FAMILIES["BERT"])
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("query.weight"))
    save_file({**weights, name: np.full_like(weights[name], np.nan)}, folder / "model.safetensors")
    source, check = check_encoder(str(folder))
    assert source is None
    assert "its numbers are not finite: its weights are damaged" in f"{check.says} {check.mend}"


def test_what_is_to_be_fetched_needs_room() -> None:
    assert check_download(EncoderSource("org/name", None, 1_000)).ok
    check = check_download(EncoderSource("org/name", None, 10**18))
    assert check.says.startswith("download: 1000000000.0 GB are to come")
    assert check.mend == "Make room there, or set HF_HOME to a folder on another disk."
