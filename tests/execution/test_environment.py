"""What the libraries find in their environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import tune_dml

#: As Ray Tune does when it starts, long before anything is written to MLflow.
IMPORTED = """
import tune_dml.execution.environment as environment
environment.set_environment()
import ray.air.integrations.mlflow
from mlflow.telemetry import get_telemetry_client
print(get_telemetry_client() is not None)
"""


def test_mlflow_that_ray_imports_tells_nobody(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(Path(tune_dml.__file__).parents[1])
    # Where it is not off, nothing is sent all the same: nobody answers.
    environment["https_proxy"] = "http://127.0.0.1:9"
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "False\n"
    assert not (tmp_path / ".config" / "mlflow").exists()
