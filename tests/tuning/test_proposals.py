"""New trials of several encoders, in one journal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tune_dml.config import DrawSettings, SearchSettings, State, TaskSettings, TrialRecord
from tune_dml.spaces import space_from_text
from tune_dml.training.workload import resolve
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import missing, prepare
from tune_dml.tuning.proposals import Arm, Proposals
from tune_dml.tuning.sampler import make_sampler

SPACES = {
    "small": space_from_text(
        "loss: supcon\nlr: {float: [1.0e-4, 1.0e-3], log: true}\ntrainable_layers: {choices: [1, 2]}\n"
        "first:\n  - {lr: 5.0e-4, trainable_layers: 1}\n  - {lr: 2.0e-4}\n"
    ),
    "large": space_from_text("loss: ce\nlr: {float: [1.0e-6, 1.0e-5]}\ntrainable_layers: {choices: [4, all]}\n"),
}
SETTINGS = SearchSettings("two", TaskSettings("none"), DrawSettings(), "small", "own", trials=40)


class Turns:
    """A race in which encoders take turns; ``out`` is clearly behind."""

    def __init__(self, out: str = "") -> None:
        self.out = out

    def next(self, records: Sequence[TrialRecord]) -> str:
        return list(SPACES)[len(records) % 2]

    def stays(self, encoder: str, records: Sequence[TrialRecord]) -> bool:
        return encoder != self.out


def begun(proposals: Proposals, journal: Journal) -> TrialRecord:
    number = proposals.new()
    journal.set_config(number, resolve(proposals.drawn(number)).to_dict())
    return journal.record("trial", number)


def test_each_encoder_has_its_own_ranges_and_first_recipes(tmp_path: Path) -> None:
    journal = Journal(tmp_path, make_sampler(SETTINGS, 0))
    proposals = Proposals(journal, SPACES, Turns())
    for number in range(24):
        record = begun(proposals, journal)
        low, high = (1e-4, 1e-3) if record.encoder == "small" else (1e-6, 1e-5)
        assert record.encoder == list(SPACES)[number % 2]
        assert low <= float(record.params["lr"]) <= high
        assert record.params["trainable_layers"] in ((1, 2) if record.encoder == "small" else (4, None))
        journal.finish("trial", number, State.COMPLETE, number / 24)
    records = journal.records()
    assert [r.number for r in records if r.given] == [0, 2]
    assert [records[n].params["lr"] for n in (0, 2)] == [5e-4, 2e-4]
    assert proposals.begins(records[0])
    assert not proposals.begins(records[2])
    # The space of the other has no first recipe.
    assert not proposals.begins(records[1])
    journal.close()


def test_a_trial_of_a_killed_driver_keeps_its_encoder(tmp_path: Path) -> None:
    journal = Journal(tmp_path, make_sampler(SETTINGS, 0))
    number = Proposals(journal, SPACES, Turns()).new()
    journal.close()
    journal = Journal(tmp_path, make_sampler(SETTINGS, 1))
    assert missing(journal, SETTINGS) == ([("trial", number)], 39)
    proposals = Proposals(journal, SPACES, Turns(out="small"))
    values = proposals.drawn(number)
    assert (values["encoder"], values["lr"], values["trainable_layers"]) == ("small", 5e-4, 1)
    journal.set_config(number, resolve(values).to_dict())
    assert proposals.is_out(journal.record("trial", number))
    journal.close()


def test_what_was_enqueued_and_not_begun_is_begun_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path, make_sampler(SETTINGS, 0))
    journal.enqueue({"lr [small]": 5e-4, "trainable_layers [small]": 1}, "small")
    journal.close()
    journal = Journal(tmp_path, make_sampler(SETTINGS, 1))
    proposals = Proposals(journal, SPACES, Turns())
    found = [begun(proposals, journal) for _ in range(3)]
    assert [r.number for r in found] == [0, 1, 2]
    assert found[0].params["lr"] == 5e-4
    assert found[0].given
    journal.close()


def test_every_encoder_has_baselines(tmp_path: Path) -> None:
    journal = Journal(tmp_path, make_sampler(SETTINGS, 0))
    arms = [Arm("small", SPACES["small"], "small", 64, "mean"), Arm("large", SPACES["large"], "large", 32, "cls")]
    for _ in range(2):
        prepare(journal, SETTINGS, arms)
    found = {r.name: r for r in journal.records("baseline")}
    assert list(found) == ["probe", "reference_ce", "probe (large)", "reference_ce (large)"]
    assert found["reference_ce (large)"].params["lr"] == 1e-5
    assert found["reference_ce (large)"].params["representation"] == "cls"
    assert found["probe"].encoder == "small"
    assert journal.records() == []
    journal.close()
