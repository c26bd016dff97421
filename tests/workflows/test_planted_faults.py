"""``tune-dml doctor`` finds each of these faults, that one alone, with its cure; a search ends in the same sentence."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from encoder_zoo import FAMILIES, make_encoder
from planted_faults import FAULTS, Ground
from rich.console import Console

from tune_dml.cli import main
from tune_dml.config import DrawSettings, SearchSettings, TaskSettings
from tune_dml.driver.first_look import look_again
from tune_dml.execution import limits
from tune_dml.models.encoder_source import find_encoder
from tune_dml.reporting.output import Output
from tune_dml.tracking import embedded_uri
from tune_dml.tracking.mlflow_store import connect
from tune_dml.workflows.doctor import doctor


@pytest.fixture(scope="module")
def session() -> Iterator[None]:
    """A session of the user's: doctor leaves it alone, and need not start Ray for each fault."""
    import ray

    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An encoder and an MLflow store that are well."""
    folder = tmp_path_factory.mktemp("made")
    connect(embedded_uri(folder))
    return make_encoder(folder / "encoder", FAMILIES["BERT"]), folder / "mlflow.db"


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: tuple[Path, Path]) -> Iterator[Ground]:
    ground = Ground(tmp_path, monkeypatch, *made)
    yield ground
    ground.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_with_its_cure(fault: str, ground: Ground, session: None) -> None:
    plant, says, mend = FAULTS[fault]
    plant(ground)
    [wrong] = [check for check in doctor(ground.request()) if not check.ok]
    assert re.search(says, wrong.says), wrong
    assert re.search(mend, wrong.mend), wrong


def test_all_is_well_where_nothing_is_planted(ground: Ground, session: None) -> None:
    ground.with_store()
    before = ground.store.read_bytes()
    ground.group(cores="150000 100000", memory="4000000000")
    checks = doctor(ground.request())
    assert [check for check in checks if not check.ok] == []
    said = "\n".join(check.says for check in checks)
    assert "limits: 1.5 of" in said
    assert "4.0 of" in said
    assert "room for 1 trial" in said
    assert "can be read and written" in said
    assert ground.store.read_bytes() == before
    assert find_encoder(str(ground.encoder)).folder is not None


def test_a_file_system_that_lacks_something_is_named_and_will_do(
    ground: Ground, session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    for module, name in ((fcntl, "flock"), (fcntl, "lockf"), (os, "link")):
        monkeypatch.setattr(module, name, missing)
    checks = doctor(ground.request())
    assert [check for check in checks if not check.ok] == []
    [said] = [check.says for check in checks if check.says.startswith("file system")]
    assert "no flock (Operation not supported), no locks for databases" in said
    assert "no hard links (Operation not supported); a search does without" in said


def one_sentence(text: str) -> str:
    """Doctor parts what is wrong from what mends it."""
    return text.replace("; ", ". ").lower()


#: Those that cost a search milliseconds; where results are at fault the exit code is that of a wrong option.
LOOKED_AT_FIRST = {
    "a file is where the results would be": 2,
    "the results are a link to nothing": 2,
    "the results are read-only": 2,
    "no room": 3,
    "a store of a newer MLflow": 3,
    "a store of an older MLflow": 3,
    "a damaged store": 3,
    "a store that is read-only": 3,
    "a quota below a trial": 3,
    "more cores than there are": 3,
    "too little memory for the model": 3,
}


@pytest.mark.parametrize("fault", LOOKED_AT_FIRST)
def test_a_search_ends_in_the_same_sentence_before_anything_starts(
    fault: str, ground: Ground, session: None, capsys: pytest.CaptureFixture[str]
) -> None:
    FAULTS[fault][0](ground)
    request = ground.request()
    [wrong] = [check for check in doctor(request) if not check.ok]
    options = ["--results", request.results, "--cpus-per-trial", str(request.cpus_per_trial), "--gpus-per-trial", "0"]
    if request.tracking_uri is not None:
        options += ["--tracking-uri", request.tracking_uri]
    code = main(["search", "--task", "bbc", "--shots", "25", "--encoder", str(ground.encoder), *options])
    captured = capsys.readouterr()
    # Doctor has seen the encoder, and counts with its model.
    said, expected = (
        re.sub(r"needs \d+ mb", "", one_sentence(text)) for text in (captured.err, f"{wrong.says}. {wrong.mend}")
    )
    assert expected in said
    assert code == LOOKED_AT_FIRST[fault]
    assert not (Path(request.results) / "searches").exists()


def test_a_search_that_was_started_on_a_larger_machine_is_told_of(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.group(cores="150000 100000")
    settings = SearchSettings("far", TaskSettings("bbc"), DrawSettings(), "bert-tiny", "ce", concurrency=8)
    out = Output(Console(stderr=True))
    look_again(settings, limits.limits(), [4_000_000], out)
    assert "room for 1 of the 8 trials at a time" in capsys.readouterr().err.replace("\n", " ")
    look_again(replace(settings, concurrency=1), limits.limits(), [4_000_000], out)
    assert capsys.readouterr().err == ""


def test_a_limit_that_binds_is_said_and_decides_how_many_trials_run(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.group(cores="200000 100000", memory="1600000000")
    ground.monkeypatch.setattr(os, "cpu_count", lambda: 8)
    ground.monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    options = ["--results", str(ground.results), "--gpus-per-trial", "0", "--dry-run", "--json"]
    assert main(["search", "--task", "bbc", "--shots", "25", "--encoder", str(ground.encoder), *options]) == 0
    captured = capsys.readouterr()
    assert "limits: 2 of 8 cores, 1.6 of " in captured.err
    assert json.loads(captured.out)["concurrency"] == 1
