"""Rows on their way into files of any form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .planted import Row


@dataclass
class Form:
    """How a file is written.

    Attributes:
        spoil: What is done to its bytes last.
        names: Of the classes, as a ``ClassLabel`` in the metadata of Parquet.
    """

    kind: str = "csv"
    suffix: str | None = None
    encoding: str = "utf-8"
    separator: str | None = None
    newline: str = "\n"
    header: bool = True
    first_line: str = ""
    last_lines: str = ""
    empty_columns: int = 0
    quote_all: bool = False
    blank_every: int = 0
    spoil: list[Callable[[bytes], bytes]] = field(default_factory=list)
    names: tuple[str, ...] = ()


@dataclass
class Sheet:
    """What a user has: one file (the split ``""``) or a folder of splits, by the stems of their files.

    Attributes:
        forms: Of splits that are written otherwise than the others.
        unlabelled: Splits without a label column.
    """

    splits: dict[str, list[Row]]
    form: Form = field(default_factory=Form)
    forms: dict[str, Form] = field(default_factory=dict)
    text_column: str = "text"
    text_b_column: str = "text_b"
    label_column: str = "label"
    extra_first: bool = True
    unlabelled: set[str] = field(default_factory=set)
    name: str = "data"

    @property
    def training(self) -> list[Row]:
        """What is drawn from."""
        return self.splits["train" if "train" in self.splits else ""]

    @property
    def rows(self) -> list[Row]:
        """Of all splits."""
        return [row for rows in self.splits.values() for row in rows]

    def split_off(self, stem: str, count: int) -> None:
        """Makes a folder of it: ``count`` rows go into the split ``stem``."""
        training = self.training
        self.splits.pop("", None)
        self.splits["train"], self.splits[stem] = training[count:], training[:count]

    def form_of(self, stem: str) -> Form:
        return self.forms.get(stem, self.form)

    def own_form(self, stem: str, **changes: Any) -> None:
        """A split that is written otherwise."""
        self.forms[stem] = replace(self.form_of(stem), **changes)

    def write(self, folder: Path) -> Path:
        """The file, or the folder of files."""
        folder.mkdir(parents=True, exist_ok=True)
        if set(self.splits) == {""}:
            form = self.form_of("")
            path = folder / f"{self.name}.{form.suffix or form.kind}"
            path.write_bytes(self._bytes(self.splits[""], form, "" not in self.unlabelled))
            return path
        whole = folder / self.name
        whole.mkdir()
        for stem, rows in self.splits.items():
            form = self.form_of(stem)
            path = whole / f"{stem}.{form.suffix or form.kind}"
            path.write_bytes(self._bytes(rows, form, stem not in self.unlabelled))
        return whole

    def _bytes(self, rows: list[Row], form: Form, labelled: bool) -> bytes:
        table = self._table(rows, labelled)
        if form.kind == "parquet":
            content = _parquet(table, form, self.label_column)
        else:
            names = list(table)
            cells = [list(values) for values in zip(*table.values(), strict=True)]
            text = _TEXTS[form.kind](names, cells, form)
            content = (form.first_line + text + form.last_lines).encode(form.encoding, "ignore")
        for spoil in form.spoil:
            content = spoil(content)
        return content

    def _table(self, rows: list[Row], labelled: bool) -> dict[str, list[Any]]:
        extra = {name: [row.extra.get(name) for row in rows] for name in rows[0].extra} if rows else {}
        own = {self.text_column: [row.text for row in rows]}
        if any(row.text_b is not None for row in rows):
            own[self.text_b_column] = [row.text_b for row in rows]
        if labelled:
            own[self.label_column] = [row.label for row in rows]
        return extra | own if self.extra_first else own | extra


def _csv(names: list[str], cells: list[list[Any]], form: Form) -> str:
    separator = form.separator or ("\t" if form.kind == "tsv" else ",")
    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if form.quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=separator, lineterminator=form.newline, quoting=quoting)
    empty = [""] * form.empty_columns
    if form.header:
        writer.writerow([*names, *empty])
    for number, row in enumerate(cells, 1):
        writer.writerow(["" if cell is None else cell for cell in [*row, *empty]])
        if form.blank_every and number % form.blank_every == 0:
            stream.write(form.newline)
    return stream.getvalue()


def _jsonl(names: list[str], cells: list[list[Any]], form: Form) -> str:
    lines = []
    for number, row in enumerate(cells, 1):
        lines.append(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
        if form.blank_every and number % form.blank_every == 0:
            lines.append("")
    return form.newline.join(lines) + form.newline


def _txt(names: list[str], cells: list[list[Any]], form: Form) -> str:
    place = names.index("text") if "text" in names else 0
    return form.newline.join(" ".join(str(row[place] or "").splitlines()) for row in cells) + form.newline


_TEXTS: dict[str, Callable[[list[str], list[list[Any]], Form], str]] = {
    "csv": _csv,
    "tsv": _csv,
    "jsonl": _jsonl,
    "txt": _txt,
}


def _parquet(table: dict[str, list[Any]], form: Form, label: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet

    data = pa.table(table)
    if form.names:
        about = {"info": {"features": {label: {"names": list(form.names), "_type": "ClassLabel"}}}}
        data = data.replace_schema_metadata({b"huggingface": json.dumps(about).encode()})
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(data, sink)
    return bytes(sink.getvalue())
