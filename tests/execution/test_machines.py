from pathlib import Path

import pytest

from tune_dml.errors import EnvironmentFault
from tune_dml.execution.machines import Machines, Offer, here

HEAD = Offer("10.0.0.1", 1, 0, 0)
CLUSTER = """
max_workers: 3
head_node_type: head
available_node_types:
  head: {resources: {CPU: 0}, max_workers: 0}
  spot: {resources: {CPU: 4, GPU: 1}, max_workers: 2}
  big: {resources: {CPU: 8, GPU: 4}, max_workers: 2}
"""


def test_a_machine_holds_whole_trials() -> None:
    machine = Offer("m", 1, 8, 1)
    assert [machine.slots(1, 0.0), machine.slots(3, 0.0), machine.slots(1, 0.1), machine.slots(1, 0.3)] == [8, 2, 8, 3]
    assert machine.slots(0.1, 0.1) == 10
    assert machine.slots(1, 2) == 0


def test_an_autoscaler_adds_the_best_machines_that_it_may() -> None:
    machines = Machines((HEAD,), (Offer("spot", 2, 4, 1), Offer("big", 2, 8, 4)), workers=3)
    assert (machines.slots_now(1, 1), machines.slots(1, 1), machines.gpus) == (0, 9, 9)
    assert machines.slots(8, 0) == 2
    machines.check_fits(1, 4)


def test_what_no_machine_can_hold_is_refused_with_what_there_is() -> None:
    with pytest.raises(EnvironmentFault, match=r"needs 4 CPUs and 2 GPUs.*4 CPUs and 1 GPUs, 8 CPUs and 0 GPUs"):
        Machines((Offer("a", 1, 4, 1), Offer("b", 1, 8, 0))).check_fits(4, 2)


def test_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert here().cluster is None
    assert here().versions["ray"]
    (tmp_path / "ray_bootstrap_config.yaml").write_text(CLUSTER)
    assert here().cluster == ({"spot": (2, {"CPU": 4, "GPU": 1}), "big": (2, {"CPU": 8, "GPU": 4})}, 3)
    (tmp_path / "ray_bootstrap_config.yaml").write_text("max_workers: [")
    assert here().cluster is None


def test_a_machine_that_ray_has_lost_is_no_matter_of_options() -> None:
    with pytest.raises(EnvironmentFault, match="Ray has lost the machine that it was started on"):
        Machines(()).check_fits(1, 0)
