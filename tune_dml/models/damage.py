"""Whether an encoder's files are whole, from their beginnings: what is wrong with one is said with its cure."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from tune_dml.config.lfs import is_lfs_pointer
from tune_dml.errors import ModelError

INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
_AGAIN = "copy or download it again"


def check_pointers(folder: Path, *patterns: str) -> None:
    """Raises:
    ModelError: a file that matches one of ``patterns`` is a Git LFS pointer.
    """
    for pattern in patterns:
        for file in sorted(folder.glob(pattern)):
            try:
                pointer = is_lfs_pointer(file)
            except OSError as error:
                raise ModelError(f"{file} cannot be read ({error.strerror}).") from None
            if pointer:
                raise ModelError(f"{file} is a Git LFS pointer, not the file; run 'git lfs pull' in its folder.")


def check_weights(folder: Path) -> None:
    """That there are weights in safetensors, each file as long as its header says, and no part is missing.

    Raises:
        ModelError: there are none, or one is damaged.
    """
    check_pointers(folder, "*.safetensors", INDEX)
    files = [file for file in folder.glob("*.safetensors") if not file.name.startswith("adapter_")]
    if not files and (folder / ADAPTER).is_file():
        raise ModelError(
            f"{folder} holds an adapter without its encoder ({ADAPTER}). Merge it into its base model "
            "(merge_and_unload) and save that."
        )
    if (folder / ADAPTER).is_file():
        raise ModelError(
            f"{folder} holds an adapter beside whole weights, which would not be applied. Merge it (merge_and_unload) "
            f"and save that; or, if the weights are to be taken without it, remove {ADAPTER}."
        )
    if not files:
        raise ModelError(
            f"{folder} has no .safetensors weights, the only ones that are loaded (pickles could run code). Convert "
            "others: load it with transformers where you trust it, and call save_pretrained."
        )
    _check_parts(folder)
    for file in sorted(files):
        problem = damage_of(file)
        if problem:
            raise ModelError(f"The encoder in {folder} cannot be loaded: {file.name} {problem}; {_AGAIN}.")


def _check_parts(folder: Path) -> None:
    file = folder / INDEX
    if not file.is_file() or (folder / "model.safetensors").is_file():
        return
    try:
        parts = sorted({str(part) for part in json.loads(file.read_text(encoding="utf-8"))["weight_map"].values()})
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"The encoder in {folder} cannot be loaded: {INDEX} is damaged; {_AGAIN}.") from None
    missing = [part for part in parts if not (folder / part).is_file()]
    if missing:
        raise ModelError(
            f"The encoder in {folder} is incomplete: {len(missing)} of the {len(parts)} files of its weights "
            f"{'is' if len(missing) == 1 else 'are'} missing ({missing[0]}); {_AGAIN}."
        )


def damage_of(file: Path) -> str:
    """What is wrong with a safetensors file: the end of a sentence, empty where its header goes with its length."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            header = stream.read(min(length, size))
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if size < 8:
        return "is empty" if not size else f"is cut short: {size} bytes"
    if not header.startswith(b"{"):
        return "is no safetensors file"
    if len(header) < length:
        return f"is cut short: {size} bytes of more than {8 + length}"
    try:
        ends = [entry["data_offsets"][1] for name, entry in json.loads(header).items() if name != "__metadata__"]
        whole = 8 + length + max(ends, default=0)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "is no safetensors file"
    return f"is cut short: {size} bytes of {whole}" if size < whole else ""
