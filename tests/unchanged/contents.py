"""What a search's files say, as plain values: all of it but for what is left out here by name."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

#: Keys of any depth, in any file. When something happened and how long it took; which process wrote it; versions.
TIMES = ("seconds", "datetime_start", "datetime_complete")
PROCESSES = ("worker_id",)
VERSIONS = ("versions", "transformers_version", "__version__")
LEFT_OUT = frozenset((*TIMES, *PROCESSES, *VERSIONS))
#: Files and folders of a search that are not compared: made of those that are, of MLflow, or of no use afterwards.
FILES_LEFT_OUT = ("report.html", "mlflow.json", "driver.lock", "ray")
#: What stands for the results folder, which differs between two runs.
RESULTS = "RESULTS"


def contents(search: Path) -> dict[str, Any]:
    """What each file in a search's folder says, by its path in there.

    Each file is there: one that is not known here is compared byte for byte.
    """
    former = str(yaml.safe_load((search / "search.yaml").read_text(encoding="utf-8"))["settings"]["results"])
    found = {}
    for path in sorted(search.rglob("*")):
        name = path.relative_to(search)
        if path.is_file() and name.parts[0] not in FILES_LEFT_OUT:
            found[str(name)] = _read(path, former)
    return found


def _read(path: Path, former: str) -> Any:
    if path.name == "predictions.parquet":
        return _parquet(path)
    if path.suffix == ".safetensors":
        return _safetensors(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return _digest(path.read_bytes())
    # Not before it is read: YAML may part a path at its spaces.
    return _without_folder(_FORMATS.get(path.suffix, str.splitlines)(text), former)


def _without_folder(value: Any, former: str) -> Any:
    if isinstance(value, str):
        return value.replace(former, RESULTS)
    if isinstance(value, dict):
        return {key: _without_folder(inner, former) for key, inner in value.items()}
    return [_without_folder(inner, former) for inner in value] if isinstance(value, list) else value


def _yaml(text: str) -> Any:
    return without_left_out(yaml.safe_load(text))


def _lines_of_json(text: str) -> Any:
    """The journal: a value a line, in the order in which they were written."""
    return [without_left_out(json.loads(line)) for line in text.splitlines()]


def _csv(text: str) -> Any:
    return [without_left_out(row) for row in csv.DictReader(io.StringIO(text))]


def _json(text: str) -> Any:
    return without_left_out(json.loads(text))


_FORMATS: dict[str, Callable[[str], Any]] = {".yaml": _yaml, ".log": _lines_of_json, ".csv": _csv, ".json": _json}


def _parquet(path: Path) -> Any:
    """Columns; float32 values become the Python numbers of the same value, so that no bit is lost."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    columns = {name: table[name].to_pylist() for name in table.column_names}
    described = {f"type of {field.name}": str(field.type) for field in table.schema}
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    return without_left_out({**described, "metadata": metadata, **columns})


def _safetensors(path: Path) -> Any:
    """Each tensor, so that the first that differs is named, and the whole file."""
    from safetensors.numpy import load_file

    tensors = {
        name: f"{array.dtype} {list(array.shape)}, {_digest(array.tobytes())}"
        for name, array in load_file(path).items()
    }
    return {**dict(sorted(tensors.items())), "all bytes": _digest(path.read_bytes())}


def _digest(content: bytes) -> str:
    return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()[:32]}"


def without_left_out(value: Any) -> Any:
    """``value`` without the keys that are left out, at any depth; that of the results folder too."""
    if isinstance(value, dict):
        return {key: without_left_out(inner) for key, inner in value.items() if key not in LEFT_OUT}
    if isinstance(value, list):
        return [without_left_out(inner) for inner in value]
    return value
