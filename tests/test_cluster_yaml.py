"""cluster.yaml, held against Ray's own validator and against what this project is tested with."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "cluster.yaml"


def read() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content


def as_ray_up_sees_it(config: dict[str, Any]) -> dict[str, Any]:
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared: dict[str, Any] = prepare_config(copy.deepcopy(config))
    validate_config(prepared)
    return prepared


def test_ray_accepts_the_file() -> None:
    prepared = as_ray_up_sees_it(read())
    assert prepared["head_node_type"] == "head"
    assert prepared["max_workers"] >= 1


def test_no_worker_of_a_legacy_default_sneaks_in() -> None:
    assert set(as_ray_up_sees_it(read())["available_node_types"]) == set(read()["available_node_types"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_worker", 8), ("idle_timeout_minutes", "ten"), ("docker", {"imagge": "x"}), ("provider", {"region": "x"})],
)
def test_rays_validator_does_look(key: str, value: object) -> None:
    with pytest.raises((jsonschema.ValidationError, KeyError)):
        as_ray_up_sees_it({**read(), key: value})


def test_workers_have_gpus_and_the_head_has_none() -> None:
    config = read()
    types = config["available_node_types"]
    head = types.pop(config["head_node_type"])
    assert head["resources"] == {"CPU": 0}
    assert all(node["resources"]["GPU"] >= 1 for node in types.values())


@pytest.mark.parametrize("spot_failed", [False, True])
def test_spot_machines_come_first_and_others_where_there_are_none(spot_failed: bool) -> None:
    """Ray's own scheduler, with the file's node types and eight trials that each want a GPU."""
    from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig
    from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
    from ray.autoscaler.v2.utils import ResourceRequestUtil

    config = AutoscalingConfig(as_ray_up_sees_it(read()), skip_content_hash=True)
    wanted = ResourceRequestUtil.group_by_count([ResourceRequestUtil.make({"CPU": 1, "GPU": 1}) for _ in range(8)])
    request = SchedulingRequest(
        node_type_configs=config.get_node_type_configs(),
        max_num_nodes=config.get_max_num_nodes(),
        disable_launch_config_check=True,
        resource_requests=wanted,
        recoverable_resource_availabilities={"gpu_spot": 0.0} if spot_failed else {},
    )
    launched = ResourceDemandScheduler(None).schedule(request).to_launch
    expected = "gpu_on_demand" if spot_failed else "gpu_spot"
    assert {one.instance_type: one.count for one in launched} == {expected: 8}


def test_nothing_is_paid_for_before_a_search_asks() -> None:
    assert all(node["min_workers"] == 0 for node in read()["available_node_types"].values())


def test_all_nodes_run_the_tested_ray_and_the_same_python() -> None:
    tested = re.search(r"^ray==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert tested
    docker = read()["docker"]
    for image in (docker["head_image"], docker["worker_image"]):
        assert image.startswith(f"rayproject/ray:{tested[1]}-py311")


def test_the_cluster_asks_for_its_token() -> None:
    config = read()
    assert "--env RAY_AUTH_MODE=token" in config["docker"]["run_options"]
    assert config["file_mounts"]["/home/ray/.ray"] == "~/.ray"
    assert not any("0.0.0.0" in command for command in config["head_start_ray_commands"])


def test_nodes_install_the_wheel_that_is_sent_to_them() -> None:
    config = read()
    assert config["file_mounts"]["/home/ray/dist"] == "./dist"
    assert any("/home/ray/dist/tune_dml-*.whl" in command for command in config["setup_commands"])


def test_every_setting_is_explained() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"[a-z_]+:", line)]
    # Those that say all by their name or by the comment of the block around them.
    plain = {"provider", "auth", "available_node_types", "head_node_type", "file_mounts", "worker_setup_commands"}
    plain |= {"worker_start_ray_commands"}
    bare = {lines[n].split(":")[0] for n in settings if not lines[n - 1].startswith("#")} - plain
    assert not bare
