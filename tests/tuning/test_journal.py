"""The journal keeps every bit, repairs what a kill leaves, and lets one driver in at a time."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tune_dml.config import ConfirmRun, Round, State
from tune_dml.errors import ResultsError
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.storage import LogFile


def _round(number: int, seed: int = 0) -> Round:
    p = np.random.default_rng(seed + number).dirichlet(np.ones(3), 4).astype(np.float32)
    return Round(
        number,
        np.arange(4),
        {"logistic": p, "head": p[::-1]},
        {"accuracy": 0.5, "macro_f1": 0.4, "log_loss": 1.1},
        1.5,
        {"steps": 8.0},
    )


def _with_trial(folder: Path) -> Journal:
    journal = Journal(folder, optuna.samplers.RandomSampler(seed=0))
    number = journal.ask().number
    journal.set_config(number, {"loss": "supcon", "lr": 1e-4})
    journal.add_round("trial", number, _round(1), 0.5)
    return journal


def test_rounds_and_confirm_runs_keep_every_bit(tmp_path: Path) -> None:
    journal = _with_trial(tmp_path)
    run = ConfirmRun("supcon #0", 3, _round(9).probabilities, 2.0)
    journal.add_confirm(run)
    journal.finish("trial", 0, State.COMPLETE, 0.5)
    journal.close()
    again = Journal(tmp_path, write=False)
    [record] = again.records()
    assert (record.name, record.state, record.params["lr"]) == ("supcon #0", State.COMPLETE, 1e-4)
    for name, array in _round(1).probabilities.items():
        assert np.array_equal(record.rounds[0].probabilities[name], array)
    [stored] = again.confirm_runs()
    assert stored.seed == 3
    assert np.array_equal(stored.probabilities["head"], run.probabilities["head"])


def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    journal = _with_trial(tmp_path)
    reader = Journal(tmp_path, write=False)
    assert [r.state for r in reader.records()] == [State.RUNNING]
    with journal.together():
        journal.add_round("trial", 0, _round(2), 0.5)
        journal.finish("trial", 0, State.COMPLETE, 0.5)
        assert len(reader.record("trial", 0).rounds) == 2
    journal.ask()
    assert [r.state for r in reader.records()] == [State.COMPLETE, State.RUNNING]


def test_optuna_reads_it(tmp_path: Path) -> None:
    journal = _with_trial(tmp_path)
    journal.trial(0).suggest_categorical("loss", ["ce", "supcon"])
    journal.finish("trial", 0, State.COMPLETE, 0.5)
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.log")))
    [trial] = optuna.load_study(study_name="trials", storage=storage).trials
    assert trial.params.keys() == {"loss"}
    assert (trial.value, trial.user_attrs["config"]["lr"]) == (0.5, 1e-4)


def test_lost_workers_are_counted(tmp_path: Path) -> None:
    journal = _with_trial(tmp_path)
    journal.add_baseline("probe", {"loss": "ce"})
    for lost in (("node", "trial", 0), ("worker", "trial", 0), ("node", "baseline", 0), ("node",), ("memory",)):
        journal.add_lost(*lost)
    journal.close()
    assert Journal(tmp_path, write=False).lost_workers() == {"node": 3, "worker": 1, "memory": 1}


def test_a_write_that_finds_no_room_leaves_nothing_of_itself(tmp_path: Path) -> None:
    journal = _with_trial(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Room for a part of the next line.
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 50, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            journal.add_round("trial", 0, _round(2), 0.6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert journal.add_round("trial", 0, _round(2), 0.6)
    journal.close()
    [record] = Journal(tmp_path, write=False).records()
    assert [item.number for item in record.rounds] == [1, 2]


def test_nothing_is_stored_twice(tmp_path: Path) -> None:
    journal = _with_trial(tmp_path)
    assert not journal.add_round("trial", 0, _round(1, seed=5), 0.9)
    journal.finish("trial", 0, State.PRUNED, reason="asha")
    journal.finish("trial", 0, State.FAIL, reason="nan")
    journal.add_confirm(ConfirmRun("supcon #0", 0, {}, 1.0, "nan"))
    journal.add_confirm(ConfirmRun("supcon #0", 0, {}, 2.0))
    [record] = journal.records()
    assert record.state == State.PRUNED
    assert len(record.rounds) == 1
    assert np.array_equal(record.rounds[0].probabilities["head"], _round(1).probabilities["head"])
    [run] = journal.confirm_runs()
    assert run.reason == "nan"


@pytest.mark.parametrize("torn", ['{"op_code": 8, "wor', "{", '{"op_code":8,"worker_id":"x"}' * 9000])
def test_torn_last_line(tmp_path: Path, torn: str) -> None:
    _with_trial(tmp_path).close()
    with (tmp_path / "study.log").open("a") as stream:
        stream.write(torn)
    journal = Journal(tmp_path)
    journal.finish("trial", 0, State.COMPLETE, 0.5)
    journal.close()
    assert Journal(tmp_path, write=False).records()[0].state == State.COMPLETE


def test_a_second_driver_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tune_dml.tuning.journal import Journal; "
        "held = Journal(Path(sys.argv[1])); print('ready', flush=True); time.sleep(60)"
    )
    first = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert first.stdout.readline() == "ready\n"
    with pytest.raises(ResultsError, match="another process"):
        Journal(tmp_path)
    assert Journal(tmp_path, write=False).records() == []
    first.kill()
    first.wait()
    Journal(tmp_path).close()


@pytest.mark.parametrize("content", [b"not json\n", b'{"op_code": 99}\n', b"\x80\x04pickle\n"])
def test_a_file_that_is_no_journal(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.log").write_bytes(content)
    with pytest.raises(ResultsError):
        Journal(tmp_path)


def test_reading_needs_a_journal(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"study\.log"):
        Journal(tmp_path, write=False)


def test_reading_writes_nothing(tmp_path: Path) -> None:
    _with_trial(tmp_path).close()
    with (tmp_path / "study.log").open("a") as stream:
        stream.write('{"op_code": 8, "wor')
    before = (tmp_path / "study.log").read_bytes()
    assert len(Journal(tmp_path, write=False).records()) == 1
    assert (tmp_path / "study.log").read_bytes() == before


def test_a_baseline_is_added_whole_or_not_at_all(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    before = (tmp_path / "study.log").read_bytes()
    journal = Journal(tmp_path)
    assert journal.add_baseline("probe", {"loss": "ce", "epochs": 0}) == 0
    added = (tmp_path / "study.log").read_bytes().removeprefix(before)
    assert added.count(b"\n") == 1
    [record] = journal.records("baseline")
    assert (record.name, record.state, record.params["epochs"]) == ("probe", State.RUNNING, 0)
    journal.finish("baseline", 0, State.COMPLETE, 0.5)
    assert journal.records("baseline")[0].state == State.COMPLETE


def test_a_disk_that_fills_up_leaves_whole_lines(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log")
    file.append_logs([{"first": 1}])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            file.append_logs([{"second": "x" * 100}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    file.append_logs([{"third": 3}])
    assert list(file.read_logs(0)) == [{"first": 1}, {"third": 3}]
