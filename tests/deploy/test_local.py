"""``deploy/local.yaml``: Ray's validator takes it, and addresses that are added reach a cluster that runs."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parents[2] / "deploy" / "local.yaml"


def read() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content


def test_ray_accepts_the_file() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(copy.deepcopy(read()))
    validate_config(prepared)
    [only] = prepared["available_node_types"].values()
    assert only["min_workers"] == only["max_workers"] == len(read()["provider"]["worker_ips"])


def test_an_address_that_is_added_reaches_ray_that_runs(tmp_path: Path) -> None:
    config = read()
    [command] = config["head_setup_commands"]
    temporary = tmp_path / "ray"
    environment = {"HOME": str(tmp_path), "RAY_TMPDIR": str(temporary), "PATH": os.environ["PATH"]}

    def nodes() -> dict[str, Any]:
        # As `ray up` leaves it on the head, and then runs the command there.
        (tmp_path / "ray_bootstrap_config.yaml").write_text(json.dumps(config))
        here = command.replace("~/tune-dml/venv/bin/python", sys.executable)
        subprocess.run(["bash", "-c", here], env=environment, check=True)
        [state] = temporary.rglob("cluster-tune-dml.state")
        return dict(json.loads(state.read_text()))

    provider = config["provider"]
    before = nodes()
    assert set(before) == {provider["head_ip"], *provider["worker_ips"]}
    provider["worker_ips"].append("192.168.1.13")
    after = nodes()
    assert after.pop("192.168.1.13")["state"] == "terminated", "so that the autoscaler starts it"
    assert after == before
