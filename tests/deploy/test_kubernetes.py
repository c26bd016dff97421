"""deploy/kuberay.yaml and the image it runs, held against Ray's own reading of a RayCluster and the tested versions."""

from __future__ import annotations

import copy
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

import tune_dml
from tune_dml.execution.machines import here

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "kuberay.yaml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def resources() -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in yaml.safe_load_all(FILE.read_text(encoding="utf-8"))}


def spec() -> dict[str, Any]:
    content: dict[str, Any] = resources()["RayCluster"]["spec"]
    return content


def pods() -> list[dict[str, Any]]:
    groups = [spec()["headGroupSpec"], *spec()["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


def as_the_autoscaler_sees_it() -> dict[str, Any]:
    from ray.autoscaler._private.kuberay import autoscaling_config

    cluster = copy.deepcopy(resources()["RayCluster"])
    cluster["metadata"]["namespace"] = "default"
    config: dict[str, Any] = autoscaling_config._derive_autoscaling_config_from_ray_cr(cluster)
    return config


def ray_version() -> str:
    found = re.search(r"^ray==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


def test_workers_have_gpus_and_the_head_has_none() -> None:
    config = as_the_autoscaler_sees_it()
    types = config["available_node_types"]
    head = types.pop(config["head_node_type"])
    assert head["resources"]["CPU"] == 0
    assert "GPU" not in head["resources"]
    assert [(one["resources"]["GPU"], one["min_workers"], one["max_workers"]) for one in types.values()] == [(1, 0, 8)]
    assert config["idle_timeout_minutes"] == 10


def test_ray_s_scheduler_starts_a_worker_for_each_trial() -> None:
    from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig
    from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
    from ray.autoscaler.v2.utils import ResourceRequestUtil

    config = AutoscalingConfig(as_the_autoscaler_sees_it(), skip_content_hash=True)
    request = SchedulingRequest(
        node_type_configs=config.get_node_type_configs(),
        max_num_nodes=config.get_max_num_nodes(),
        disable_launch_config_check=True,
        resource_requests=ResourceRequestUtil.group_by_count(
            [ResourceRequestUtil.make({"CPU": 1, "GPU": 1}) for _ in range(5)]
        ),
    )
    launched = ResourceDemandScheduler(None).schedule(request).to_launch
    assert {one.instance_type: one.count for one in launched} == {"gpu": 5}


def test_a_search_is_told_what_the_autoscaler_may_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the file that a search reads on the head, where ``ray up`` would have left it."""
    ((name, content),) = resources()["ConfigMap"]["data"].items()
    (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    told = here().cluster
    config = as_the_autoscaler_sees_it()
    assert told is not None
    types, workers = told
    assert workers == config["max_workers"]
    assert types == {
        kind: (about["max_workers"], {key: about["resources"][key] for key in ("CPU", "GPU")})
        for kind, about in config["available_node_types"].items()
        if kind != config["head_node_type"]
    }


def test_the_head_gets_that_file_and_a_disk_for_its_results() -> None:
    head = spec()["headGroupSpec"]["template"]["spec"]
    mounts = {one["name"]: one["mountPath"] for one in head["containers"][0]["volumeMounts"]}
    assert mounts == {
        "results": "/home/ray/tune-dml-results",
        "cluster": "/home/ray/ray_bootstrap_config.yaml",
    }
    volumes = {one["name"]: one for one in head["volumes"]}
    claim, config = resources()["PersistentVolumeClaim"], resources()["ConfigMap"]
    assert volumes["results"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert volumes["cluster"]["configMap"]["name"] == config["metadata"]["name"]


def test_the_cluster_asks_for_its_token_and_shows_itself_to_nobody() -> None:
    assert spec()["authOptions"] == {"mode": "token"}
    assert spec()["headGroupSpec"]["serviceType"] == "ClusterIP"
    assert "Secret" not in resources(), "the operator makes it"


@pytest.mark.parametrize("pod", pods(), ids=["head", "worker"])
def test_pods_keep_to_the_restricted_standard(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 1000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in [*pod["containers"], spec()["autoscalerOptions"]]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["requests"] == container["resources"]["limits"]


def test_workers_may_go_where_the_gpus_are() -> None:
    _, worker = pods()
    assert worker["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert worker["automountServiceAccountToken"] is False


def test_all_pods_run_the_image_of_the_dockerfile() -> None:
    images = {container["image"] for pod in pods() for container in pod["containers"]}
    assert images == {f"registry.example.com/tune-dml:{tune_dml.__version__}"}
    assert f"-t {images.pop()} ." in DOCKERFILE.read_text(encoding="utf-8")
    assert spec()["rayVersion"] == ray_version()


def instructions() -> list[tuple[str, str]]:
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(name.upper(), " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in joined)]


def test_the_image_is_built_on_the_ray_version() -> None:
    assert [rest for name, rest in instructions() if name == "FROM"] == [f"rayproject/ray:{ray_version()}-py311-gpu"]


def test_the_image_has_the_wheel_with_the_tested_versions_and_no_cache() -> None:
    (run,) = [rest for name, rest in instructions() if name == "RUN"]
    assert run.startswith("--mount=type=bind,source=dist,target=/tmp/dist pip install ")
    assert {"--no-cache-dir", "--constraint", "/tmp/dist/constraints.txt", "/tmp/dist/tune_dml-*.whl"} <= set(
        shlex.split(run)
    )


def test_the_image_does_not_run_as_root_and_holds_no_secret() -> None:
    users = [rest for name, rest in instructions() if name == "USER"]
    assert users == [str(pods()[0]["securityContext"]["runAsUser"])]
    assert not {name for name, _ in instructions()} & {"ADD", "ARG", "COPY", "ENV", "EXPOSE"}
    assert not re.search(r"latest|token|password|secret", str(instructions()), re.IGNORECASE)


def test_the_image_says_what_it_is() -> None:
    labels = dict(item.split("=", 1) for name, rest in instructions() if name == "LABEL" for item in shlex.split(rest))
    assert labels["org.opencontainers.image.version"] == tune_dml.__version__
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


@pytest.mark.parametrize("file", [FILE, DOCKERFILE])
def test_the_header_gives_the_commands(file: Path) -> None:
    header = file.read_text(encoding="utf-8").split("\n\n", 1)[0]
    assert "registry.example.com/tune-dml" in header
    assert "deploy/" in header
