"""A user's mistake costs one to three plain sentences, exit code 2, and leaves nothing behind."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import tune_dml
from tune_dml.cli import main

# Each: the command line ({w} is the folder of wrong files, {r} the results folder), words that stderr must hold.
# Rows that begin with a dash are options of a search that is otherwise fine.
DATA = {
    "missing file": ("--data {w}/godo.csv", ["There is no file", "'good.csv'"]),
    "folder without files": ("--data {w}/nothing", ["nothing", "train.csv"]),
    "empty file": ("--data {w}/empty.csv", ["is empty"]),
    "header only": ("--data {w}/header.csv", ["no rows"]),
    "one class": ("--data {w}/one-class.csv", ["'fine'", "two classes"]),
    "no text column": ("--data {w}/columns.csv", ["'text'", "--text-column"]),
    "wrong label column": ("--data {w}/good.csv --label-column lable", ["'lable'", "'label'"]),
    "wrong text column": ("--data {w}/good.csv --text-column txt", ["'txt'", "'text'"]),
    "same column twice": ("--data {w}/good.csv --text-column text --text-column text", ["two different ones"]),
    "label column as text": ("--data {w}/good.csv --text-column label", ["both text and label"]),
    "wrong group column": ("--data {w}/good.csv --group-column user", ["'user'"]),
    "doubled column": ("--data {w}/twice.csv", ["more than once"]),
    "ragged": ("--data {w}/ragged.csv", ["line 3", "3 fields"]),
    "open quote": ("--data {w}/quote.csv", ["quote"]),
    "pickle": ("--data {w}/data.pkl", ["can run code"]),
    "unknown format": ("--data {w}/table.xlsx", [".xlsx", ".parquet"]),
    "binary": ("--data {w}/binary.csv", ["binary.csv"]),
    "broken JSONL": ("--data {w}/broken.jsonl", ["line 2", "not JSON"]),
    "JSONL of lists": ("--data {w}/list.jsonl", ["line 1", "not an object"]),
    "not Parquet": ("--data {w}/no.parquet", ["not a Parquet file"]),
    "only blanks": ("--data {w}/blank.csv", ["every text is empty"]),
    "missing label": ("--data {w}/unlabelled.csv", ["no label"]),
    "test label never trained": ("--data {w}/split", ["mediocre"]),
    "one column for pairs": ("--task MRPC --data {w}/good.csv", ["text_a"]),
    "no name of the hub": ("--task hub:nonsense", ["hub:org/name"]),
}
SPACE = {
    "missing space file": ("--space {w}/absent.yaml", ["absent.yaml"]),
    "unknown space": ("--space defualt", ["'defualt'", "'default'"]),
    "broken YAML": ("--space {w}/yaml.yaml", ["yaml.yaml:"]),
    "unknown key": ("--space {w}/key.yaml", ["key.yaml:2", "'epochs'"]),
    "low above high": ("--space {w}/order.yaml", ["order.yaml:2", "above high"]),
    "log reaches 0": ("--space {w}/log.yaml", ["log.yaml:2", "above 0"]),
    "unknown loss in space": ("--space {w}/loss.yaml", ["loss.yaml:1", "'supcon'"]),
    "no loss in space": ("--space {w}/no-loss.yaml", ["names no loss"]),
    "condition on nothing": ("--space {w}/when.yaml", ["when.yaml:2", "'loss'"]),
    "empty space": ("--space {w}/empty.yaml", ["empty.yaml"]),
    "code in space": ("--space {w}/code.yaml", ["code.yaml:1"]),
    "include of nothing": ("--space {w}/include.yaml", ["include.yaml:1", "absent.yaml"]),
    "binary space": ("--space {w}/binary.yaml", ["binary.yaml"]),
    "check finds it too": ("spaces check {w}/order.yaml", ["order.yaml:2", "above high"]),
    "nothing to show": ("spaces show supcom", ["'supcom'", "'supcon'"]),
    "nothing to copy": ("spaces copy defualt {r}/my.yaml", ["'defualt'", "'default'"]),
    "copy over a file": ("spaces copy default {w}/good.csv", ["exists", "not overwritten"]),
    "copy into nowhere": ("spaces copy default {w}/absent/my.yaml", ["no folder"]),
}
OPTIONS = {
    "unknown task": ("--task SST-2", ["'SST-2'", "'SST2'"]),
    "no shots": ("--shots 0", ["--shots is 0"]),
    "shots in words": ("--shots fifty", ["'fifty'", "full"]),
    "more shots than texts": ("--shots 999", ["--shots 999", "full"]),
    "fewer shots than classes": ("--task bbc --shots 3", ["--shots 3", "5 classes"]),
    "both conventions": ("--shots 20 --shots-per-class 8", ["--shots-per-class"]),
    "no shots per class": ("--shots-per-class 0", ["--shots-per-class is 0"]),
    "too many per class": ("--shots-per-class 99", ["--shots-per-class 99", "smallest class"]),
    "negative draw": ("--draw -1", ["--draw is -1"]),
    "one fold": ("--folds 1", ["--folds is 1"]),
    "more folds than shots": ("--shots 8 --folds 9", ["--folds 9"]),
    "no repeats": ("--repeats 0", ["--repeats is 0"]),
    "unknown metric": ("--metric acuracy", ["'acuracy'", "'accuracy'"]),
    "unknown searcher": ("--searcher tpee", ["'tpee'", "'tpe'"]),
    "unknown scheduler": ("--scheduler ashaa", ["'ashaa'", "'asha'"]),
    "unknown validation": ("--validation oficial", ["'oficial'", "'official'"]),
    "no official split": ("--validation official", ["no validation split"]),
    "unknown precision": ("--precision bf16", ["'bf16'", "bfloat16"]),
    "time without unit": ("--time-budget soon", ["'soon'", "30m"]),
    "no time": ("--time-budget 0m", ["'0m'", "30m"]),
    "no trials": ("--trials 0", ["--trials is 0"]),
    "trials in words": ("--trials many", ["--trials must be a whole number"]),
    "unknown concurrency": ("--concurrency many", ["--concurrency is 'many'", "'auto'"]),
    "auto concurrency elsewhere": ("--concurrency auto --address 10.0.0.1:6379", ["--concurrency auto", "--address"]),
    "auto concurrency and a share": ("--concurrency auto --gpus-per-trial 0.5", ["--concurrency auto", "leave out"]),
    "no concurrency": ("--concurrency 0", ["--concurrency is 0"]),
    "no seeds": ("--confirm-seeds 0", ["--confirm-seeds is 0"]),
    "negative seed": ("--seed -1", ["--seed is -1"]),
    "no cores": ("--cpus-per-trial 0", ["--cpus-per-trial is 0"]),
    "not a number of cores": ("--cpus-per-trial nan", ["--cpus-per-trial is nan"]),
    "less than no GPU": ("--gpus-per-trial -1", ["--gpus-per-trial is -1"]),
    "tracking in a folder": ("--tracking-uri {w}/nothing", ["--tracking-uri", "sqlite:///"]),
    "unknown tracking scheme": ("--tracking-uri gopher://x", ["gopher", "http://"]),
    "store without a bucket": ("--store s3://", ["s3://BUCKET/PREFIX"]),
    "store of an unknown kind": ("--store ftp://host/x", ["'ftp:'", "s3://BUCKET/PREFIX"]),
    "store with a key": ("--store s3://AKIA:hidden@bucket/x", ["password or key", "AWS_ACCESS_KEY_ID"]),
    "store where the results are": ("--store {r}/searches", ["is where the results are"]),
    "no time between copies": ("--store-every 0", ["--store-every is 0"]),
    "fetch from nothing": ("fetch gopher://x", ["'gopher:'", "s3://BUCKET/PREFIX"]),
    "fetch of no search": ("fetch {w}/results/searches takn --results {r}", ["'takn'", "'taken'"]),
    "fetch of a damaged search": ("fetch {w}/results/searches taken --results {r}", ["search.yaml"]),
    "results is a file": ("--results {w}/a-file", ["is a file"]),
    "name is taken": ("--results {w}/results --name taken", ["'taken' exists", "tune-dml resume taken"]),
    "name of nothing": ("--name ///", ["no letter or digit"]),
    "unknown loss": ("--losses ce,supcom", ["'supcom'", "'supcon'"]),
    "loss not in the space": ("--space ce --losses supcon", ["no loss 'supcon'"]),
    "no loss": ("--losses ,", ["--losses is empty"]),
    "quiet and verbose": ("-q -v", ["-q and -v"]),
    "no such encoder folder": ("--encoder {w}/absent", ["There is no folder"]),
    "not an encoder": ("--encoder {w}/no-encoder", ["config.json"]),
    "encoder in a pickle": ("--encoder {w}/pickle-encoder", [".safetensors", "pickle"]),
    "unknown option": ("--shot 5", ["no option --shot", "'--shots'"]),
    "option without value": ("--trials", ["--trials"]),
    "word too many": ("fast", ["fast"]),
    "unknown command": ("serach --task bbc", ["'serach'", "'search'"]),
    "unknown subcommand": ("spaces shw default", ["'shw'", "'show'"]),
    "unknown loss to show": ("losses softripl", ["'softripl'", "'softtriple'"]),
    "unknown hyperparameter to show": ("hyperparameters projektion", ["'projektion'", "'projection'"]),
    "confirm of nothing named": ("confirm", ["NAME"]),
    "confirm of no search": ("confirm absent --results {r}", ["absent"]),
    "resume of no search": ("resume absent --results {r}", ["absent"]),
    "resume with no trial at a time": ("resume taken --concurrency 0", ["--concurrency is 0", "1 or more"]),
    "resume without searches": ("resume --results {r}", ["search"]),
    "resume of a damaged search": ("resume taken --results {w}/results", ["search.yaml"]),
    "show of no search": ("show absent --results {r}", ["absent"]),
    "sync of no search": ("sync absent --results {r}", ["absent"]),
    "best without a store": ("best --results {r}", ["no MLflow store"]),
    "UI without a store": ("ui --results {r}", ["no MLflow store"]),
    "best in a folder": ("best --tracking-uri {w}/nothing", ["--tracking-uri", "sqlite:///"]),
    "list of a file": ("list --results {w}/a-file", ["is a file"]),
    "no configuration": ("train --config {w}/absent.yaml --output {r}/t", ["absent.yaml"]),
    "damaged configuration": ("train --config {w}/damaged-best.yaml --output {r}/t", ["damaged-best.yaml"]),
    "configuration of words": ("train --config {w}/strange-best.yaml --output {r}/t", ["strange-best.yaml"]),
}
MODEL = {
    "no model folder": ("predict {w}/absent {w}/good.csv", ["is not a folder", "model/"]),
    "file for a model": ("predict {w}/good.csv {w}/good.csv", ["is not a folder"]),
    "not a model": ("predict {w}/no-model {w}/good.csv", ["tune_dml.json"]),
    "damaged description": ("predict {w}/damaged-model {w}/good.csv", ["damaged"]),
    "partial description": ("predict {w}/partial-model {w}/good.csv", ["damaged"]),
    "model of the future": ("predict {w}/old-model {w}/good.csv", ["another version"]),
    "model without weights": ("predict {w}/bare-model {w}/good.csv", ["bare-model"]),
    "model in a pickle": ("predict {w}/pickle-model {w}/good.csv", ["pickle-model"]),
    "unknown output format": ("predict {w}/bare-model {w}/good.csv --format cvs", ["'cvs'", "'csv'"]),
    "output is a folder": ("predict {w}/bare-model {w}/good.csv --output {w}", ["is a folder"]),
    "output is the input": ("predict {w}/bare-model {w}/good.csv --output {w}/good.csv", ["with the texts"]),
}
ROWS = {**DATA, **SPACE, **OPTIONS, **MODEL}
#: Not the user's mistake but something around it: exit code 3.
ENVIRONMENT = {
    "unwritable tracking store": ("--tracking-uri sqlite:////proc/absent/x.db", ["--tracking-uri"]),
    "store that is not there": ("--store {w}/absent/store", ["cannot be reached", "No such file"]),
    "fetch from where nothing is": ("fetch {w}/absent", ["cannot be reached", "No such file"]),
}

SEARCH = "search --task films --data {w}/good.csv --shots 20 --trials 1 --no-confirm --encoder bert-tiny --results {r}"
_COMMANDS = (
    "best",
    "confirm",
    "fetch",
    "hyperparameters",
    "list",
    "losses",
    "predict",
    "resume",
    "serach",
    "show",
    "spaces",
    "sync",
    "train",
    "ui",
)


def arguments(line: str, wrong: Path, results: Path) -> list[str]:
    if line.split()[0] not in _COMMANDS:
        base = SEARCH
        # Shots are given once, and --data would hide where a task comes from.
        if "--shots" in line:
            base = base.replace(" --shots 20", "")
        if "--task" in line:
            base = base.replace(" --data {w}/good.csv", "")
        line = f"{base} {line}"
    return shlex.split(line.format(w=wrong, r=results))


def everything(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


def check(code: int, text: str, words: list[str], expected: int = 2) -> None:
    assert code == expected, text
    assert "Traceback" not in text
    lines = text.splitlines()
    assert 1 <= len(lines) <= 3, text
    assert len(text) <= 700, text
    assert text.rstrip()[-1] in ".?)", text
    assert [word for word in words if word not in text] == [], text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("row", ROWS)
def test_a_mistake_is_explained_in_plain_sentences(
    row: str, wrong: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line, words = ROWS[row]
    before = everything(wrong, tmp_path)
    code = main(arguments(line, wrong, tmp_path))
    check(code, capfd.readouterr().err, words)
    assert everything(wrong, tmp_path) == before


@pytest.mark.timeout(60)
@pytest.mark.parametrize("row", ENVIRONMENT)
def test_a_fault_of_the_environment_has_a_code_of_its_own(
    row: str, wrong: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line, words = ENVIRONMENT[row]
    code = main(arguments(line, wrong, tmp_path))
    check(code, capfd.readouterr().err, words, expected=3)
    assert everything(tmp_path) == set()


def test_no_gpu_to_share(wrong: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    code = main(arguments("--gpus-per-trial 0.5", wrong, tmp_path))
    check(code, capfd.readouterr().err, ["--gpus-per-trial is 0.5", "no GPU"])
    assert everything(tmp_path) == set()


def test_data_variable_that_names_no_folder(
    wrong: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNE_DML_DATA", str(wrong / "absent"))
    code = main(arguments("--task SST2", wrong, tmp_path))
    check(code, capfd.readouterr().err, ["TUNE_DML_DATA"])
    assert everything(tmp_path) == set()


@pytest.mark.parametrize("row", ["ragged", "low above high", "unknown metric", "more shots than texts", "not a model"])
def test_a_mistake_costs_at_most_three_seconds(row: str, wrong: Path, tmp_path: Path) -> None:
    line, words = ROWS[row]
    child = subprocess.Popen(
        [sys.executable, "-m", "tune_dml", *arguments(line, wrong, tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(tune_dml.__file__).parents[1])},
    )
    assert child.stderr is not None
    with child.stderr:
        text = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    check(child.returncode, text, words)
    assert usage.ru_utime + usage.ru_stime <= 3.0
