"""The winner's soup on the driver: which jobs it takes, what of it waits on disk, how it ends."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.config import SearchSettings, SoupRound
from tune_dml.config.file_systems import sync
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.winner_model import describe_model, soup_is_there, write_model
from tune_dml.evaluation.confirm_runs import Candidate, TrainedModel
from tune_dml.evaluation.soups import MOST_SEEDS, judging, round_job, soup_is_worse, soup_job
from tune_dml.execution import share_as_text
from tune_dml.models.damage import damage_of
from tune_dml.models.readouts import FittedReadout
from tune_dml.tuning.jobs import Job
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.soup_notes import SoupEnded, note_soup_ended, note_soup_round, soup_ended, soup_rounds

if TYPE_CHECKING:
    from tune_dml.training.soup import State

#: Where the weights of seeds wait for the others; no copy of a search takes what begins with a dot.
_WAITING = ".soup"


def soup_is_wanted(settings: SearchSettings, winner: Candidate) -> bool:
    """Whether the winner's seeds are to be mixed, and can be."""
    from tune_dml.training.soup import can_be_mixed
    from tune_dml.training.workload import resolve

    wanted = settings.soup and not settings.ensemble and len(winner.seeds) > 1
    return wanted and can_be_mixed(resolve(winner.params))


class SoupMaking:
    """Seeds of the winner are mixed once all are trained, if the rounds that judge the soup have nothing against it.

    Args:
        spent: Rounds that the search has run.
    """

    def __init__(self, prepared: Prepared, journal: Journal, winner: Candidate, spent: int) -> None:
        about, self._journal, self._prepared, self.winner = prepared.about, journal, prepared, winner
        self.seeds = winner.seeds[:MOST_SEEDS]
        self._judging = judging(spent, about.rounds, len(self.seeds), about.by_schedule)
        self._folder = prepared.folder / _WAITING
        self._asked = False

    @property
    def over(self) -> bool:
        """Whether it is known how it ended, and its model is there."""
        ended = soup_ended(self._journal, self.winner.name)
        if ended is None:
            return False
        kept = self._prepared.about.settings.save_model and ended.left_out is None
        return not kept or soup_is_there(self._prepared.folder, self.winner)

    def seeds_missing(self) -> set[int]:
        """Seeds whose weights are not there, or not whole."""
        return set() if self.over else {seed for seed in self.seeds if damage_of(self._file(seed))}

    def round_jobs(self) -> list[Job]:
        """Rounds that judge it and have not been run."""
        if self.over:
            return []
        known = {item.number for item in soup_rounds(self._journal, self.winner.name)}
        wanted = (number for number in self._judging.rounds if number not in known)
        return [round_job(self.winner, number, self._judging.seeds) for number in wanted]

    def take_seed(self, seed: int, model: TrainedModel) -> None:
        """A seed has been trained."""
        from safetensors.numpy import save_file

        if seed not in self.seeds or self.over:
            return
        self._folder.mkdir(exist_ok=True)
        temporary = self._file(seed).with_suffix(".tmp")
        try:
            save_file(dict(model.encoder_state), temporary)
            with temporary.open("rb") as file:
                sync(file.fileno())
            temporary.replace(self._file(seed))
        finally:
            temporary.unlink(missing_ok=True)

    def take_round(self, item: SoupRound) -> None:
        note_soup_round(self._journal, item)

    def next_job(self) -> Job | None:
        """The soup itself, once everything is there for it; told only once."""
        if self.over or self._asked or self.seeds_missing() or self.round_jobs():
            return None
        about = self._prepared.about
        judged = soup_rounds(self._journal, self.winner.name)
        if soup_is_worse(judged, about.heldout_labels(), about.settings.metric):
            self.leave_out("worse")
            return None
        self._asked = True
        return soup_job(self.winner, share_as_text(self._mixed()))

    def make(self, readout: FittedReadout) -> None:
        """It has been read out: it is the search's model now."""
        if self._prepared.about.settings.save_model:
            model = TrainedModel(self._mixed(), readout)
            about = describe_model(self._prepared, self.winner, model, soup=len(self.seeds))
            write_model(self._prepared, self.winner, self._prepared.folder / "model", about, model)
        note_soup_ended(self._journal, self.winner.name, SoupEnded(len(self.seeds), readout.name))
        self.clean_up()

    def leave_out(self, why: str) -> None:
        """The first seed's model stays the search's."""
        note_soup_ended(self._journal, self.winner.name, SoupEnded(len(self.seeds), left_out=why))
        self.clean_up()

    def clean_up(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _mixed(self) -> State:
        from safetensors.numpy import load_file

        from tune_dml.training.soup import mean_state

        return mean_state(load_file(self._file(seed)) for seed in self.seeds)

    def _file(self, seed: int) -> Path:
        of = hashlib.sha256(json.dumps(dict(self.winner.params), sort_keys=True).encode()).hexdigest()[:12]
        return self._folder / f"{of}-{seed}.safetensors"
