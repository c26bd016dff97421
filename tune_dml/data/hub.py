"""Data sets of the Hugging Face hub, through ``datasets``; from its cache where the hub cannot be reached."""

from __future__ import annotations

import os
import re
import threading
from typing import Any

from tune_dml.data.columns import Wanted
from tune_dml.data.known_tasks import HubSource
from tune_dml.data.tables import Table
from tune_dml.data.task_source import Source
from tune_dml.errors import DataError, HubUnreachableError

#: Seconds until the hub counts as unreachable; looking a name up is not bounded by a socket's own timeout.
REACH_SECONDS = 6.0
PREFIX = "hub:"
_NAME = re.compile(r"hub:([\w.-]+/[\w.-]+)(?::([\w.-]+))?")
_SPLIT_NAMES = {"train": ("train",), "validation": ("validation", "valid", "dev", "val"), "test": ("test",)}
#: Readers of ``datasets`` that only parse. Its others include one that unpickles.
_SAFE_FORMATS = frozenset({"parquet", "csv", "json", "arrow", "text", "cache"})


def hub_source_named(name: str) -> HubSource:
    """The data set that ``hub:org/name`` or ``hub:org/name:configuration`` means.

    Raises:
        DataError: it is not of that form.
    """
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise DataError(
            f"'{name}' does not name a data set of the hub; write hub:org/name or hub:org/name:configuration."
        )
    return HubSource(match.group(1), match.group(2), text_columns=())


def from_hub(wanted: HubSource, no_test: bool) -> Source:
    """Downloads, or takes from the cache. ``HF_ENDPOINT``, ``HF_HUB_OFFLINE`` and ``HF_HOME`` mean what they always do.

    Raises:
        HubUnreachableError: the hub does not answer and the data set is not in the cache; within 15 seconds.
        DataError: the data set does not exist, needs a script or unpickling, or is broken.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    splits = _load(wanted)
    tables: dict[str, Table] = {}
    label_names: tuple[str, ...] = ()
    label_column = wanted.label_column
    for split, names in _SPLIT_NAMES.items():
        name = next((n for n in names if n in splits), None)
        if name is None or (split == "test" and no_test):
            continue
        data = splits[name]
        if wanted.names_column is not None and wanted.names_column in data.column_names:
            label_column = wanted.names_column
        tables[split] = _table(wanted, name, data)
        label_names = label_names or tuple(getattr(data.features.get(label_column), "names", None) or ())
    if "train" not in tables:
        # Some copies hold one split under another name.
        if len(splits) != 1:
            raise DataError(f"hub:{wanted.repository} has no train split; it has {', '.join(splits)}.")
        name, data = next(iter(splits.items()))
        tables = {"all": _table(wanted, name, data)}
    title = wanted.repository + (f", {wanted.configuration}" if wanted.configuration else "")
    texts = (wanted.text_columns,) if wanted.text_columns else ()
    return Source(tables, f"Hugging Face hub, {title}", Wanted(texts, label_column), label_names)


def _table(wanted: HubSource, split: str, data: Any) -> Table:
    return Table(f"hub:{wanted.repository} ({split})", tuple(data.column_names), lambda name: list(data[name]))


def _load(wanted: HubSource) -> dict[str, Any]:
    import datasets
    import huggingface_hub.constants

    # The viewer of huggingface.co is asked for sizes only, whatever HF_ENDPOINT says.
    datasets.config.USE_PARQUET_EXPORT = False
    offline = bool(datasets.config.HF_HUB_OFFLINE)
    endpoint = huggingface_hub.constants.ENDPOINT
    reason = "HF_HUB_OFFLINE is set" if offline else _unreachable(endpoint)
    if reason is None:
        return _build(wanted, endpoint)
    datasets.config.HF_HUB_OFFLINE = True
    try:
        return _build(wanted, endpoint)
    except HubUnreachableError:
        raise _ways_out(wanted, endpoint, reason) from None
    finally:
        datasets.config.HF_HUB_OFFLINE = offline


def _unreachable(endpoint: str) -> str | None:
    """Why the hub cannot be reached; ``None`` if it answers, whatever it says."""
    found: list[str | None] = ["it does not answer"]

    def ask() -> None:
        from huggingface_hub import get_session

        try:
            status = get_session().head(endpoint, timeout=REACH_SECONDS - 1).status_code
            found[0] = f"it answers with HTTP {status}" if status in (502, 503, 504) else None
        except Exception as error:
            # Certificates, proxies, names, sockets: each has errors of its own, and each means no hub.
            found[0] = str(error).strip().rstrip(".") or type(error).__name__

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(REACH_SECONDS)
    return found[0]


def _build(wanted: HubSource, endpoint: str) -> dict[str, Any]:
    import datasets
    from datasets.exceptions import DatasetNotFoundError

    name = wanted.repository
    try:
        # Without the prefix a folder of that name in the working directory would be taken instead.
        builder = datasets.load_dataset_builder(f"hf://datasets/{name}", wanted.configuration)
        kind = type(builder).__module__.split(".")[-1]
        if kind not in _SAFE_FORMATS:
            raise DataError(
                f"hub:{name} is in the format '{kind}', which is not read here; it must be Parquet, CSV, JSON or text."
            )
        builder.download_and_prepare()
        return dict(builder.as_dataset())
    except DataError:
        raise
    except DatasetNotFoundError:
        raise DataError(
            f"The hub has no data set {name}, or you may not see it. "
            "Check the name; for a private or gated one log in with 'hf auth login'."
        ) from None
    except Exception as error:
        if _is_network(error):
            raise _ways_out(wanted, endpoint, _first_line(error)) from None
        # Whatever else ``datasets`` raises is about this data set: scripts, configurations, broken files.
        raise DataError(f"hub:{name} cannot be loaded: {_first_line(error)}{_configurations(error)}") from None


def _is_network(error: Exception) -> bool:
    # The hub's HTTP client changes its package with the hub's version; the name of its base error does not.
    bases = {base.__name__ for base in type(error).__mro__}
    return isinstance(error, ConnectionError | TimeoutError) or bool(bases & {"TransportError", "HfHubHTTPError"})


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0].rstrip(".:") if lines else type(error).__name__) + "."


def _configurations(error: Exception) -> str:
    return " Name one as hub:org/name:configuration." if "onfig" in str(error) else ""


def _ways_out(wanted: HubSource, endpoint: str, reason: str) -> HubUnreachableError:
    return HubUnreachableError(
        f"The Hugging Face hub at {endpoint} cannot be reached ({reason.rstrip('.')}), and "
        f"{wanted.repository} is not in the local cache. Give the data as a file or folder with --data, put it into "
        "the folder that TUNE_DML_DATA names, or take a task that needs no hub, such as bbc."
    )
