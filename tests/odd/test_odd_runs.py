"""A sample of odd runs; the whole campaign is ``python -m tests.odd``."""

from __future__ import annotations

from itertools import islice

import pytest

from .attempt import Grounds
from .campaign import FEW, FEW_AROUND, KINDS, KINDS_AROUND, plan, run_all
from .grounds import prepare
from .server import start_server
from .tables import broken

SEED = 1


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Grounds:
    start_server()
    return prepare(tmp_path_factory.mktemp("grounds"))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_odd_files_and_encoders_are_answered_rightly_or_refused_in_a_sentence(grounds: Grounds) -> None:
    planned = list(islice(plan(SEED, FEW), sum(FEW.values())))
    done = run_all(planned, grounds, at_a_time=1)
    assert not any(ended.findings for ended in done), broken(done, f"--seed {SEED} --few")


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_commands_in_odd_surroundings_work_or_refuse_in_a_sentence(grounds: Grounds) -> None:
    planned = list(islice(plan(SEED, FEW_AROUND, around=True), sum(FEW_AROUND.values())))
    done = run_all(planned, grounds, at_a_time=1)
    assert not any(ended.findings for ended in done), broken(done, f"--seed {SEED} --environments --few")


@pytest.mark.parametrize(("kinds", "around"), [(KINDS, False), (KINDS_AROUND, True)])
def test_a_plan_is_the_same_every_time(kinds: dict[str, int], around: bool) -> None:
    first, second = (
        [(one.kind, [oddity.name for oddity in one.oddities]) for one in islice(plan(SEED, kinds, around), 100)]
        for _ in range(2)
    )
    assert first == second


def test_every_run_of_environments_has_an_odd_one() -> None:
    runs = list(islice(plan(SEED, FEW_AROUND, around=True), 100))
    assert all(any(oddity.around for oddity in one.oddities) for one in runs)
    assert not any(oddity.around for one in islice(plan(SEED), 100) for oddity in one.oddities)
