"""Files that a user might hand over by mistake, made once."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

_ROWS = [f"{'good' if i % 2 else 'poor'} film number {i},{'positive' if i % 2 else 'negative'}" for i in range(40)]
_DESCRIPTION = {
    "format": 1,
    "task": "films",
    "kind": "single",
    "label_names": ["negative", "positive"],
    "representation": "mean",
    "max_length": 32,
    "precision": "float32",
    "readout": "logistic",
    "readout_values": {},
    "config": {"loss": "ce"},
}


class Bomb:
    """Whoever unpickles it is told off."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise RuntimeError('a pickle was opened')",)


@pytest.fixture(scope="session")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data files, space files and model folders; all but the ones called ``good`` have a fault."""
    folder = tmp_path_factory.mktemp("wrong")
    texts = {
        "good.csv": "text,label\n" + "\n".join(_ROWS),
        "empty.csv": "",
        "header.csv": "text,label\n",
        "one-class.csv": "text,label\n" + "\n".join(f"film {i},fine" for i in range(9)),
        "ragged.csv": "text,label\na film,positive\na, film,negative\n",
        "columns.csv": "title,stars\n" + "\n".join(_ROWS),
        "twice.csv": "text,text,label\na,b,c\n",
        "blank.csv": "text,label\n ,positive\n ,negative\n",
        "unlabelled.csv": "text,label\na film,positive\nb film,\nc film,negative\n",
        "quote.csv": 'text,label\n"a film,positive\nb film,negative\n',
        "broken.jsonl": '{"text": "a", "label": "b"}\n{"text": \n',
        "list.jsonl": "[1, 2]\n",
        "no.parquet": "PAR1 but not really",
        "table.xlsx": "no",
        "a-file": "no folder",
        "split/train.csv": "text,label\n" + "\n".join(_ROWS),
        "split/test.csv": "text,label\nsome film,mediocre\nother film,positive\n",
        "nothing/readme.txt": "hello",
        "yaml.yaml": "loss: [ce\n",
        "key.yaml": "loss: ce\nepoch: 3\n",
        "order.yaml": "loss: ce\nlr: {float: [1.0e-3, 1.0e-4]}\n",
        "log.yaml": "loss: ce\nlr: {float: [0, 0.1], log: true}\n",
        "loss.yaml": "loss: {choices: [ce, supcom]}\n",
        "no-loss.yaml": "lr: 1.0e-4\n",
        "when.yaml": "loss: ce\nlr: {float: [1.0e-4, 1.0e-3], when: {lss: [ce]}}\n",
        "empty.yaml": "",
        "code.yaml": "loss: !!python/object/apply:os.system [ls]\n",
        "include.yaml": "include: [absent.yaml]\nloss: ce\n",
        "damaged-best.yaml": "loss: [",
        "strange-best.yaml": "lr: fast\n",
        "results/searches/taken/search.yaml": "settings: {}\n",
        "no-model/readme.txt": "hello",
        "damaged-model/tune_dml.json": '{"format": 1,',
        "old-model/tune_dml.json": json.dumps(_DESCRIPTION | {"format": 99}),
        "partial-model/tune_dml.json": json.dumps({"format": 1, "task": "films"}),
        "bare-model/tune_dml.json": json.dumps(_DESCRIPTION),
        "pickle-model/tune_dml.json": json.dumps(_DESCRIPTION),
        "pickle-model/config.json": json.dumps({"model_type": "bert"}),
        "pickle-encoder/config.json": json.dumps({"model_type": "bert"}),
        "no-encoder/readme.txt": "hello",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "binary.csv").write_bytes(bytes(range(128, 256)) * 40 + b"\x00\x81\x8d\n")
    (folder / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01" * 20)
    bomb = pickle.dumps(Bomb())
    for name in ("data.pkl", "pickle-model/pytorch_model.bin", "pickle-encoder/pytorch_model.bin"):
        (folder / name).write_bytes(bomb)
    return folder
