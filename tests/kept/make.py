"""Makes the searches that are kept beside this file anew: ``python tests/kept/make.py CHECKOUT``.

The ``tune_dml`` of the checkout makes them. README.md says what they are for.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from making_data import write_data, write_encoder

HERE = Path(__file__).resolve().parent
SHARED = (
    "--encoder {results}/encoder --results {results} --trials 2 --folds 2 --confirm-seeds 1 --seed 1 --concurrency 1 "
    "--gpus-per-trial 0 --precision float32"
)
TEXTS = "--task topics --data {results}/data/texts.csv --shots 18 --space {results}/data/texts.yaml"
#: By name, in the order in which they are made. The first is killed.
SEARCHES = {
    "interrupted": f"{TEXTS} --space {{results}}/data/long.yaml --trials 3",
    "texts": f"{TEXTS} --confirm-seeds 2 --ensemble",
    "pairs": "--task same --data {results}/data/pairs.csv --shots 20 --space {results}/data/pairs.yaml",
    "unconfirmed": f"{TEXTS} --draw 1 --no-confirm",
    "pending": f"{TEXTS} --draw 2 --tracking-uri http://127.0.0.1:9",
    "plugin": f"{TEXTS} --draw 3 --space {{results}}/data/plugin.yaml",
}
#: Of a model and a file, what the model gives: more digits than ``predict`` writes.
PREDICT = """
import csv, json, sys, tune_dml
rows = [tuple(row) for row in csv.reader(open(sys.argv[2]))][1:]
texts = rows if len(rows[0]) == 2 else [row[0] for row in rows]
print(json.dumps(tune_dml.load(sys.argv[1]).predict_proba(texts).tolist()))
"""
MACHINE = """
import json, mlflow, torch
cpu = torch.backends.cpu.get_cpu_capability()
print(json.dumps({"cpu": cpu, "torch": torch.__version__, "mlflow": mlflow.__version__}))
"""
#: Not kept: scratch, locks, and what is only to be looked at.
DROPPED = ("ray", "report.html", "driver.lock")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    checkout = parser.parse_args().checkout.resolve()
    # Gone when the tests look for it, as that of users who have moved their results.
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        maker = Maker(checkout, Path(folder).resolve() / "results")
        write_data(maker.results / "data")
        write_encoder(maker.results / "encoder")
        for name, options in SEARCHES.items():
            print(name, flush=True)
            maker.search(name, options)
        for path in list(maker.results.rglob("*")):
            if path.name in DROPPED:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        answers = maker.answers()
        keep(maker.results, HERE / "results")
    (HERE / "answers.json").write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


class Maker:
    """Runs commands of a checkout; what they leave is in ``results``."""

    def __init__(self, checkout: Path, results: Path) -> None:
        self.checkout, self.results = checkout, results
        path = os.pathsep.join([str(checkout), str(HERE / "plugin")])
        # MLflow notes the user's name.
        self.environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "LOGNAME": "kept"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Python, in a folder that has nothing to do with any checkout."""
        command = [sys.executable, *(argument.replace("{results}", str(self.results)) for argument in arguments)]
        place = self.results.parent
        return subprocess.Popen(command, env=self.environment, cwd=place, stdout=subprocess.PIPE, text=True)

    def python(self, *arguments: str) -> str:
        """What it says."""
        process = self.start(*arguments)
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)} failed: {said}")
        return said

    def search(self, name: str, options: str) -> None:
        arguments = ["-m", "tune_dml", "search", *SHARED.split(), *options.split(), "--name", name]
        if name != "interrupted":
            self.python(*arguments)
            return
        process = self.start(*arguments)
        journal = self.results / "searches" / name / "study.log"
        # In the second round of a trial, when another has ended.
        while not (journal.exists() and _in_second_round(journal.read_text())):
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # Until what it started has seen that it is gone.
        time.sleep(15)

    def answers(self) -> dict[str, Any]:
        """What the checkout says of the searches; paths below ``RESULTS``."""

        def document(*arguments: str) -> Any:
            text = self.python("-m", "tune_dml", *arguments, "--json", "--results", "{results}")
            return json.loads(text.replace(str(self.results), "RESULTS"))

        files = {"texts": "new", "pairs": "new-pairs", "plugin": "new"}
        commit = subprocess.check_output(["git", "-C", self.checkout, "rev-parse", "HEAD"], text=True).strip()
        return {
            "made by": {"commit": commit, **json.loads(self.python("-c", MACHINE))},
            "list": document("list"),
            "show": {name: document("show", name) for name in SEARCHES},
            "best": document("best"),
            "probabilities": {
                name: json.loads(
                    self.python("-c", PREDICT, f"{{results}}/searches/{name}/model", f"{{results}}/data/{file}.csv")
                )
                for name, file in files.items()
            },
        }


def _in_second_round(journal: str) -> bool:
    """Whether a trial's first round is the last thing that happened, and an earlier trial has ended."""
    lines = journal.splitlines()
    ended = len(re.findall(r'"op_code":6[^\n]*"state":[123]', journal))
    return bool(lines) and ended >= 3 and '"op_code":7' in lines[-1] and '"step":1' in lines[-1]


def keep(results: Path, target: Path) -> None:
    """Copy results without their store, which is packed, and of its artifacts only those of the search ``texts``.

    Git ignores the names that stores have: here they are ``store.gz`` and ``artifacts``.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(results, target, ignore=shutil.ignore_patterns("mlflow.db*", "mlartifacts", ".*"))
    with tempfile.TemporaryDirectory() as scratch, sqlite3.connect(results / "mlflow.db") as store:
        store.execute("VACUUM INTO ?", (f"{scratch}/store",))
        (target / "store.gz").write_bytes(gzip.compress(Path(scratch, "store").read_bytes(), mtime=0))
    parent = json.loads((results / "searches" / "texts" / "mlflow.json").read_text())["places"][0]["run_id"]
    for artifacts in (results / "mlartifacts").rglob(f"{parent}/artifacts"):
        place = target / "artifacts" / artifacts.relative_to(results / "mlartifacts")
        shutil.copytree(artifacts, place)


if __name__ == "__main__":
    main()
