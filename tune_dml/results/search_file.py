"""``search.yaml``: what was asked, resolved, and the data that every number of the search rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tune_dml.config import (
    MAX_DEPTH,
    YAML_LOADER,
    SearchSettings,
    from_values,
    line_too_deep,
    settings_from,
    sqlite_path,
    sqlite_uri,
)
from tune_dml.config.moved_paths import followed
from tune_dml.data import KINDS, Fold, Kind, kind_named, label_texts_from
from tune_dml.errors import ResultsError
from tune_dml.reporting import write_text_atomic
from tune_dml.results.searched_encoder import SearchedEncoder
from tune_dml.tracking import without_password

FILE_NAME = "search.yaml"


@dataclass(frozen=True)
class SearchFile:
    """A search on disk.

    Attributes:
        settings: What was asked.
        label_names, kind, source, notes: Of the task.
        rows, labels, hashes: Of the draw: positions in the cleaned training pool, targets, SHA-256 of each row.
        folds: Training and held-out positions in the draw.
        official_labels: Targets of the validation split, where held-out rows index that.
        encoder_sha256, encoder_parameters: Of the encoder.
        versions: Of packages, and how many threads a training run has.
        label_texts: By wording, texts made of the classes' names, with the class of each.
        templates: What texts may be put in; recipes draw from pools of them.
        words: What classes begin as in some recipes' heads, by class.
        unlabelled_sha256: Of the texts of masked-LM steps, if there were any.
        encoders: Those that are searched, where there are several; what is said of one is said of the first.
        rounds, by_schedule: Of a trial.
        has_test: Whether the task has a test split.
        max_length: Tokens kept of each text.
    """

    settings: SearchSettings
    kind: str
    label_names: tuple[str, ...]
    source: str
    notes: tuple[str, ...]
    rows: tuple[int, ...]
    labels: tuple[Any, ...]
    hashes: tuple[str, ...]
    folds: tuple[Fold, ...]
    official_labels: tuple[Any, ...] | None
    encoder_sha256: str
    encoder_parameters: int
    rounds: int
    by_schedule: bool
    has_test: bool
    max_length: int
    versions: dict[str, Any]
    label_texts: dict[str, Any] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)
    unlabelled_sha256: str = ""
    encoders: tuple[SearchedEncoder, ...] = ()

    @property
    def searched(self) -> tuple[SearchedEncoder, ...]:
        """Every encoder."""
        if self.encoders:
            return self.encoders
        settings = self.settings
        return (
            SearchedEncoder(
                *("", settings.encoder, self.encoder_sha256, self.encoder_parameters, self.max_length),
                *(settings.space_text, settings.prefix, settings.representation),
            ),
        )

    def encoder_of(self, params: Mapping[str, Any]) -> SearchedEncoder:
        """That of a configuration."""
        key = str(params.get("encoder") or "")
        return next((one for one in self.searched if one.key == key), self.searched[0])

    @property
    def task_kind(self) -> Kind:
        """Raises:
        UsageError: this process does not know it.
        """
        return kind_named(self.kind)

    def targets(self) -> np.ndarray[Any, np.dtype[Any]]:
        """Of the draw."""
        return np.array(self.labels, dtype=self.task_kind.target.dtype)

    def heldout_labels(self) -> np.ndarray[Any, np.dtype[Any]]:
        """Targets that the rounds' row positions index."""
        if self.official_labels is None:
            return self.targets()
        return np.array(self.official_labels, dtype=self.task_kind.target.dtype)

    def per_class(self) -> dict[str, int]:
        """Shots of each class."""
        return self.task_kind.target.counts(self.targets(), self.label_names)

    def write(self, folder: Path) -> None:
        """Atomically, without the password of a tracking URI."""
        settings = self.settings.to_dict()
        if settings["tracking_uri"] is not None:
            settings["tracking_uri"] = without_password(settings["tracking_uri"])
        values = {**self.__dict__, "settings": settings}
        values["encoders"] = [asdict(one) for one in self.encoders]
        for name in ("label_texts", "encoders", "words", "unlabelled_sha256"):
            if not values[name]:
                del values[name]
        values["folds"] = [
            {"train": f.train.tolist(), "heldout": f.heldout.tolist(), "official": f.official} for f in self.folds
        ]
        write_text_atomic(folder / FILE_NAME, dump_yaml(values))


def dump_yaml(values: Any) -> str:
    """Plain YAML: mappings in order, one line per list of numbers."""
    text: str = yaml.dump(_plain(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a file that :func:`dump_yaml` wrote, so without anchors, which could stand for any amount of data.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds something else.
    """
    if path.exists() and not path.is_file():
        raise ValueError("it is not a file")
    text = path.read_text(encoding="utf-8")
    try:
        line = line_too_deep(text, aliases=False)
        if line is not None:
            raise ValueError(f"line {line} has an alias or is nested deeper than {MAX_DEPTH} levels")
        values = yaml.load(text, Loader=YAML_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    except (LookupError, AttributeError, TypeError, OverflowError) as error:  # what a tag says and its value is not
        raise ValueError(f"a value cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ValueError("it holds no mapping")
    return values


def read_search_file(folder: Path) -> SearchFile:
    """A search as its file describes it. Its name and results folder are where it is: it may have been moved here.

    Raises:
        ResultsError: there is none, or it is damaged.
    """
    path = folder / FILE_NAME
    try:
        values = load_yaml(path)
        # Where it is now, whatever the file says: nothing is ever written elsewhere.
        results, name = str(folder.parent.parent.absolute()), folder.name
        settings = settings_from(values["settings"], str(path))
        values["settings"] = replace(moved(settings, results), results=results, name=name)
        values["folds"] = tuple(
            Fold(np.array(f["train"], np.int64), np.array(f["heldout"], np.int64), bool(f["official"]))
            for f in values["folds"]
        )
        found = _checked(from_values(SearchFile, values))
        named = zip(found.encoders, found.settings.encoders, strict=True)
        return replace(found, encoders=tuple(replace(one, name=name) for one, name in named))
    except FileNotFoundError:
        raise ResultsError(f"{folder} holds no search: it has no {FILE_NAME}.") from None
    except (OSError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ResultsError(f"{path} is damaged ({error}); the search cannot be resumed.") from None


def _checked(found: SearchFile) -> SearchFile:
    """With targets that are numbers, and such as their kind has them where that is known.

    Raises:
        TypeError, ValueError, OverflowError: they are not.
    """
    found = replace(found, label_texts=label_texts_from(found.label_texts, len(found.label_names)))
    if not all(map(_is_target, (*found.labels, *(found.official_labels or ())))):
        raise TypeError("labels cannot be anything but numbers")
    if found.kind in KINDS:
        found.per_class()
        found.heldout_labels()
    return found


def _is_target(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_target, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def former_results(folder: Path) -> str | None:
    """Where the results were when the search in ``folder`` was started; ``None`` if there is no search."""
    try:
        return str(load_yaml(folder / FILE_NAME)["settings"]["results"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def moved(settings: SearchSettings, results: str) -> SearchSettings:
    """Settings whose paths into the results folder lead to where it is now."""
    data = settings.task.data
    task = replace(settings.task, data=None if data is None else followed(data, settings.results, results))
    encoder, uri = followed(settings.encoder, settings.results, results), settings.tracking_uri
    store = sqlite_path(uri) if uri is not None else None
    if uri is not None and store is not None and not store.exists():
        now = followed(str(store), settings.results, results, there=False)
        uri = uri if now == str(store) else sqlite_uri(now, uri.partition("?")[2])
    encoders = tuple(followed(name, settings.results, results) for name in settings.encoders)
    return replace(settings, task=task, encoder=encoder, encoders=encoders, tracking_uri=uri)


class _Dumper(yaml.SafeDumper):
    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        flat = all(not isinstance(item, dict | list) for item in sequence)
        return super().represent_sequence(tag, sequence, flow_style=flat)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    return value
