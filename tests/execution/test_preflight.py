from dataclasses import replace

import pytest

from tune_dml.errors import EnvironmentFault
from tune_dml.execution.machines import Answer, Machines, Offer
from tune_dml.execution.preflight import Check, check_memory, check_nodes, check_offer, raise_if_wrong

OWN = Answer("here", {"Python": "3.11.7", "tune-dml": "1.0", "torch": "2.13.0"}, True, None)


def test_nodes_alike() -> None:
    [check] = check_nodes(OWN, [OWN, replace(OWN, name="10.0.0.2")], {})
    assert check == Check("2 nodes: the same Python and packages everywhere")


def test_nodes_that_differ_or_are_silent_are_named_with_what_mends_them() -> None:
    older = replace(OWN, name="10.0.0.2", versions={"Python": "3.11.7", "torch": "2.12.0"})
    python = replace(OWN, name="10.0.0.3", versions={**OWN.versions, "Python": "3.12.1"})
    bare, cut, version, other = check_nodes(
        OWN, [OWN, older, python], {"10.0.0.4": "No module named 'tune_dml'", "10.0.0.5": "no answer in 60 s"}
    )
    assert bare == Check(
        "node 10.0.0.4 cannot run tune-dml: No module named 'tune_dml'", "Install the same tune-dml there."
    )
    assert "10.0.0.5" in cut.says
    assert version.says == "node 10.0.0.2 has tune-dml missing instead of 1.0, torch 2.12.0 instead of 2.13.0"
    assert version.mend == "There: pip install tune-dml==1.0 torch==2.13.0"
    assert other == Check("node 10.0.0.3 has Python 3.12.1 instead of 3.11.7", "Give it Python 3.11.7.")
    with pytest.raises(EnvironmentFault, match=r"(?s)10\.0\.0\.4.*10\.0\.0\.5.*10\.0\.0\.2.*10\.0\.0\.3"):
        raise_if_wrong([bare, cut, version, other])
    raise_if_wrong([Check("fine")])


def test_room() -> None:
    machines = Machines((Offer("a", 1, 4, 1),), (Offer("spot", 2, 4, 1),), workers=2)
    assert check_offer(machines, 1, 1).says == (
        "room for 1 trial of 1 CPUs and 1 GPUs at a time, 2 once the autoscaler has added what it may"
    )
    wrong = check_offer(machines, 1, 2)
    assert not wrong.ok
    assert wrong.mend == "Lower --cpus-per-trial or --gpus-per-trial."


def test_memory() -> None:
    machines = Machines((Offer("a", 1, 8, 0, memory=8 * 2**30),))
    assert check_memory(machines, 22_700_000, 1, 0).ok
    large = check_memory(machines, 355_000_000, 1, 0)
    assert large.says == "a takes 8 trials of about 7.2 GiB each, and has 8.0 GiB for them"
    assert large.mend.startswith("Give --concurrency 1")
    assert check_memory(machines, 355_000_000, 8, 0).ok
    assert check_memory(machines, 3_000_000_000, 8, 0).mend == "Take a smaller encoder."
