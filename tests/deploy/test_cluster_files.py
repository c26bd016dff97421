"""The files for ``ray up``, held against Ray's own validator and scheduler and against the tested versions."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
AWS, GCP, AZURE = "cluster.yaml", "deploy/gcp.yaml", "deploy/azure.yaml"
every_file = pytest.mark.parametrize("file", [AWS, GCP, AZURE])

#: Those that say all by their name or by the comment of the block around them.
PLAIN = {"available_node_types", "head_node_type", "file_mounts", "worker_setup_commands", "worker_start_ray_commands"}


def text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def read(file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(text(file))
    return content


def as_ray_up_sees_it(config: dict[str, Any]) -> dict[str, Any]:
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared: dict[str, Any] = prepare_config(copy.deepcopy(config))
    validate_config(prepared)
    return prepared


@every_file
def test_ray_accepts_the_file(file: str) -> None:
    prepared = as_ray_up_sees_it(read(file))
    assert prepared["head_node_type"] == "head"
    assert prepared["max_workers"] >= 1


@every_file
def test_nothing_of_rays_defaults_sneaks_in(file: str) -> None:
    config = read(file)
    prepared = as_ray_up_sees_it(config)
    assert set(prepared["available_node_types"]) == set(config["available_node_types"])
    # These are joined from two settings.
    joined = {"head_setup_commands", "worker_setup_commands"}
    assert {key: prepared[key] for key in config if key not in joined} == {
        key: config[key] for key in config if key not in joined
    }
    commands = str([prepared[key] for key in prepared if key.endswith("_commands")])
    assert "conda" not in commands
    assert "ray-wheels" not in commands


@every_file
@pytest.mark.parametrize(
    ("key", "value"),
    [("max_worker", 8), ("idle_timeout_minutes", "ten"), ("docker", {"imagge": "x"}), ("provider", {"region": "x"})],
)
def test_rays_validator_does_look(file: str, key: str, value: object) -> None:
    with pytest.raises((jsonschema.ValidationError, KeyError)):
        as_ray_up_sees_it({**read(file), key: value})


@every_file
def test_workers_have_gpus_and_the_head_has_none(file: str) -> None:
    config = read(file)
    types = config["available_node_types"]
    head = types.pop(config["head_node_type"])
    assert head["resources"] == {"CPU": 0}
    assert all(node["resources"]["GPU"] >= 1 for node in types.values())


@every_file
@pytest.mark.parametrize("spot_failed", [False, True])
def test_spot_machines_come_first_and_others_where_there_are_none(file: str, spot_failed: bool) -> None:
    """Ray's own scheduler, with the file's node types and eight trials that each want a GPU."""
    from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig
    from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
    from ray.autoscaler.v2.utils import ResourceRequestUtil

    config = AutoscalingConfig(as_ray_up_sees_it(read(file)), skip_content_hash=True)
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


@pytest.mark.parametrize(
    ("file", "path", "value"),
    [
        (AWS, ("InstanceMarketOptions",), {"MarketType": "spot"}),
        (GCP, ("scheduling", "provisioningModel"), "SPOT"),
        (AZURE, ("azure_arm_parameters", "priority"), "Spot"),
    ],
)
def test_only_the_spot_type_is_spot(file: str, path: tuple[str, ...], value: object) -> None:
    found = {}
    for name, node in read(file)["available_node_types"].items():
        inner = node["node_config"]
        for key in path:
            inner = inner.get(key) if isinstance(inner, dict) else None
        found[name] = inner
    assert found == {"head": None, "gpu_spot": value, "gpu_on_demand": None}


@every_file
def test_nothing_is_paid_for_before_a_search_asks_or_after_it(file: str) -> None:
    config = read(file)
    assert all(node["min_workers"] == 0 for node in config["available_node_types"].values())
    assert config["idle_timeout_minutes"] == 10
    assert config["provider"]["cache_stopped_nodes"] is False


@every_file
def test_all_nodes_run_the_tested_ray_and_the_same_python(file: str) -> None:
    tested = re.search(r"^ray==(\S+)$", text("constraints.txt"), re.MULTILINE)
    assert tested
    docker = read(file)["docker"]
    assert docker["head_image"] == f"rayproject/ray:{tested[1]}-py311"
    assert docker["worker_image"] == f"rayproject/ray:{tested[1]}-py311-gpu"
    assert f"'ray[default]=={tested[1]}'" in text(file), "what the user is told to install"


@every_file
def test_the_cluster_asks_for_its_token(file: str) -> None:
    config = read(file)
    assert "--env RAY_AUTH_MODE=token" in config["docker"]["run_options"]
    assert config["file_mounts"]["/home/ray/.ray"] == "~/.ray"


@every_file
def test_the_dashboard_is_not_to_be_seen_from_outside(file: str) -> None:
    (start,) = [command for command in read(file)["head_start_ray_commands"] if "--head" in command]
    assert "--dashboard-host=127.0.0.1" in start
    assert "0.0.0.0" not in text(file)


@every_file
def test_nodes_install_the_wheel_that_is_sent_to_them(file: str) -> None:
    config = read(file)
    assert config["file_mounts"]["/home/ray/dist"] == "./dist"
    assert any("/home/ray/dist/tune_dml-*.whl" in command for command in config["setup_commands"])


@every_file
def test_every_setting_is_explained(file: str) -> None:
    lines = text(file).splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"[a-z_]+:", line)]
    # What these hold is explained setting by setting.
    plain = PLAIN | {"provider", "auth"}
    bare = {lines[n].split(":")[0] for n in settings if not lines[n - 1].startswith("#")} - plain
    assert not bare


@every_file
def test_the_commands_in_the_header_name_the_file(file: str) -> None:
    header = text(file).split("\n\n", 1)[0]
    for command in ("ray up -y", "ray exec", "ray rsync-down", "ray down -y"):
        assert f"{command} {file}" in header
    assert "ray dashboard " + file in text(file)


@every_file
def test_the_project_s_cluster_is_everywhere_the_same(file: str) -> None:
    """But for the machines, and what Ray needs on the head to get them."""
    own = {"provider", "auth", "available_node_types", "head_setup_commands", "initialization_commands"}
    config, model = read(file), read(AWS)
    assert {key: config[key] for key in config if key not in own} == {
        key: model[key] for key in model if key not in own
    }


def test_google_is_not_asked_before_the_project_is_set() -> None:
    assert read(GCP)["provider"]["project_id"] is None


def test_google_disks_are_in_the_zone_of_their_machines() -> None:
    config = read(GCP)
    zone = config["provider"]["availability_zone"]
    assert zone.startswith(config["provider"]["region"])
    for node in config["available_node_types"].values():
        for disk in node["node_config"]["disks"]:
            assert disk["initializeParams"]["diskType"].startswith(f"zones/{zone}/")


def test_google_gpu_machines_are_not_to_be_moved_and_wait_for_their_driver() -> None:
    from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig

    config = AutoscalingConfig(as_ray_up_sees_it(read(GCP)), skip_content_hash=True)
    assert config.get_initialization_commands("head") == []
    for name in ("gpu_spot", "gpu_on_demand"):
        node = config.get_cloud_node_config(name)
        assert node["scheduling"]["onHostMaintenance"] == "TERMINATE"
        assert {"key": "install-nvidia-driver", "value": "True"} in node["metadata"]["items"]
        assert any("nvidia-smi" in command for command in config.get_initialization_commands(name))


def test_azure_parameters_are_those_of_rays_template() -> None:
    import ray.autoscaler

    template = Path(ray.autoscaler.__file__).parent / "_private" / "_azure" / "azure-vm-template.json"
    known = json.loads(template.read_text(encoding="utf-8"))["parameters"]
    python = {"string": str, "int": int, "object": dict, "bool": bool}
    for name, node in read(AZURE)["available_node_types"].items():
        # Ray's own, which it takes out before the template.
        given = {k: v for k, v in node["node_config"]["azure_arm_parameters"].items() if k != "availability_zone"}
        assert set(given) <= set(known), name
        for parameter, value in given.items():
            assert isinstance(value, python[known[parameter]["type"]]), (name, parameter)


@pytest.mark.parametrize(("file", "package"), [(GCP, "google-api-python-client"), (AZURE, "azure")])
def test_ray_knows_the_provider(file: str, package: str) -> None:
    """Without the cloud's own packages it says which are missing; with them it has nothing to add to the types."""
    from ray.autoscaler._private.providers import _get_node_provider_cls

    config = as_ray_up_sees_it(read(file))
    missing = ""
    try:
        provider = _get_node_provider_cls(config["provider"])
        filled = provider.fillout_available_node_types_resources(config)
        assert filled["available_node_types"] == config["available_node_types"]
    except ImportError as error:
        missing = str(error)
    assert not missing or package in missing
    assert package in str(config["head_setup_commands"])
