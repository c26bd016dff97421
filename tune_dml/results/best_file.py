"""``best.yaml``: the winner, and all that ``train`` needs to make it again. Written before test labels are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tune_dml.config import PRECISIONS, TRUNCATIONS, Choice, DrawSettings, TaskSettings, TrialRecord, Value, from_values
from tune_dml.config.moved_paths import followed
from tune_dml.data import label_texts_from, most_diverse
from tune_dml.errors import ConfigurationError
from tune_dml.recipe import configuration_from, domains
from tune_dml.recipe.ingredients.head_layers import WORDS
from tune_dml.reporting import write_text_atomic
from tune_dml.results.search_file import SearchFile, dump_yaml, former_results, load_yaml
from tune_dml.training.scoring import mean_scores

FILE_NAME = "best.yaml"
_HEADER = "# The configuration that cross validation picked. Train it again: tune-dml train --config best.yaml\n"


@dataclass(frozen=True)
class BestFile:
    """What ``train --config`` needs.

    Attributes:
        config: The configuration, flat, with its read-out.
        hashes: SHA-256 of each drawn row, to see that the data is still the same.
        loss_plugins: Where losses of other packages are.
        truncation, prefix: How texts were read, as of the search's settings.
        versions: What it was made with.
        templates: The pool that the configuration draws from, if it has one.
        words: What classes begin as in the configuration's head, if anything.
        adapt_mlm, unlabelled, unlabelled_sha256: Masked-LM steps before, their file, and of their texts.
        label_texts: Texts made of the classes' names in the wording that the configuration has, if it has any.
        soup: Of how many seeds the search's model is the mean; ``None``: it is that of the first.
    """

    config: dict[str, Value]
    task: TaskSettings
    draw: DrawSettings
    encoder: str
    encoder_sha256: str
    hashes: tuple[str, ...]
    seed: int
    device: str
    precision: str
    max_length: int
    loss_plugins: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    truncation: str = "head"
    prefix: str = ""
    versions: dict[str, Any] = field(default_factory=dict)
    label_texts: dict[str, Any] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)
    adapt_mlm: int | None = None
    unlabelled: str | None = None
    unlabelled_sha256: str = ""
    soup: int | None = None


def write_best(
    folder: Path, about: SearchFile, winner: TrialRecord, config: Mapping[str, Value], soup: int | None = None
) -> Path:
    """Write it atomically; the same search and winner give the same bytes.

    Args:
        config: The winner's, with its read-out and temperature.
        soup: Of how many seeds the search's model is the mean.
    """
    settings, encoder = about.settings, about.encoder_of(config)
    scores = mean_scores(winner.rounds, about.by_schedule)
    wording = str(configuration_from(config).on().get("label_texts", {}).get("wording"))
    values: dict[str, Any] = {
        "config": {name: value for name, value in config.items() if name != "encoder"},
        "trial": winner.number,
        "name": winner.name,
        **({} if soup is None else {"soup": soup}),
        "cross_validation": {k: round(v, 6) for k, v in scores.items()} if scores else {},
        "protocol": settings.protocol,
        "task": settings.task.to_dict(),
        "draw": asdict(settings.draw),
        "label_names": about.label_names,
        **({"loss_plugins": list(settings.loss_plugins)} if settings.loss_plugins else {}),
        "encoder": encoder.name,
        "encoder_sha256": encoder.sha256,
        "seed": settings.seed,
        "device": settings.device,
        "precision": settings.precision,
        "max_length": encoder.max_length,
        "truncation": settings.truncation,
        "prefix": encoder.prefix,
        **({"label_texts": {wording: about.label_texts[wording]}} if wording in about.label_texts else {}),
        **({"templates": list(pool)} if (pool := pool_of(about.templates, config)) else {}),
        **({"words": dict(about.words)} if config.get("head") == WORDS else {}),
        **_adapting(about),
        "versions": about.versions,
        "rows": about.rows,
        "folds": [{"train": f.train.tolist(), "heldout": f.heldout.tolist()} for f in about.folds],
        "hashes": about.hashes,
    }
    path = folder / FILE_NAME
    write_text_atomic(path, _HEADER + dump_yaml(values))
    return path


def _adapting(about: SearchFile) -> dict[str, Any]:
    settings = about.settings
    file = {} if settings.unlabelled is None else {"unlabelled": settings.unlabelled}
    if settings.adapt_mlm is None:
        return {}
    return {"adapt_mlm": settings.adapt_mlm, **file, "unlabelled_sha256": about.unlabelled_sha256}


def read_best(path: Path) -> BestFile:
    """Raises:
    ConfigurationError: the file is missing, damaged, or lacks something.
    """
    try:
        values = load_yaml(path)
    except OSError:
        raise ConfigurationError(f"There is no file {path}; give the best.yaml of a finished search.") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not YAML as a search writes it ({error}).") from None
    known = {field.name for field in fields(BestFile)}
    try:
        best = from_values(BestFile, {name: value for name, value in values.items() if name in known})
        best = replace(best, label_texts=label_texts_from(best.label_texts, len(best.label_names)))
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{path} is not a complete best.yaml ({error}); was it edited?") from None
    for name, given, valid in (
        ("device", best.device, Choice(("cpu", "cuda"))),
        ("precision", best.precision, Choice(PRECISIONS)),
        ("max_length", best.max_length, domains()["max_length"]),
        ("truncation", best.truncation, Choice(TRUNCATIONS)),
    ):
        if not valid.contains(given):
            raise ConfigurationError(f"{path}: {name} is {given!r}; it must be {valid}.")
    return _found_again(best, path.parent)


def _found_again(best: BestFile, folder: Path) -> BestFile:
    """With the data and the encoder where they are now, if they were in results that have been moved."""
    given = [text for text in (best.encoder, best.task.data) if text is not None]
    if all(not Path(text).is_absolute() or Path(text).exists() for text in given):
        return best
    former = former_results(folder)
    if former is None:
        return best
    results, data = folder.absolute().parent.parent, best.task.data
    task = replace(best.task, data=None if data is None else followed(data, former, results))
    return replace(best, task=task, encoder=followed(best.encoder, former, results))


def pool_of(templates: Sequence[str], config: Mapping[str, Value]) -> tuple[str, ...]:
    """Those templates of a search that a configuration draws from."""
    prompts = configuration_from(config).on().get("prompts")
    return () if prompts is None else tuple(templates[place] for place in most_diverse(templates, prompts["pool"]))
