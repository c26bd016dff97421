"""MLflow's pages on the lowest MLflow of the range, and on PostgreSQL; in environments of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from finished_search import FinishedSearch
from mlflow_pages import PROJECT, Pages, browser, environment, needs_browser
from test_browser import check_embedded, check_server

from benchmarks.mlflow_server import Server
from tune_dml.tracking import free_port

LOWEST = re.findall(r'"mlflow>=([0-9.]+),', (PROJECT / "pyproject.toml").read_text())[0]
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)
pytestmark = [*needs_browser, pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as one:
        yield one


@pytest.fixture(scope="module", params=["lowest", "installed"])
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """An interpreter, and the version of its MLflow."""
    lowest = request.param == "lowest"
    packages = [f"{name}=={LOWEST}.*" for name in ("mlflow", "mlflow-skinny", "mlflow-tracing")] if lowest else []
    python = environment(tmp_path_factory.mktemp(request.param), [*packages, "psycopg2-binary"])
    code = "import importlib.metadata; print(importlib.metadata.version('mlflow'))"
    served = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert served.startswith(LOWEST) if lowest else served == version("mlflow")
    return python, served


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of an empty database."""
    if POSTGRES is None:
        pytest.skip("no PostgreSQL is installed")
    if os.geteuid() != 0:
        pytest.skip("PostgreSQL's own user is taken, which needs root")
    folder, port = Path(tempfile.mkdtemp(prefix="tune-dml-postgres-", dir="/tmp")), free_port(0)
    shutil.chown(folder, "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    control = [*as_postgres, str(POSTGRES.with_name("pg_ctl")), "-D", str(folder / "data"), "-w"]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)

    run(*as_postgres, str(POSTGRES), "-D", str(folder / "data"), "-A", "trust")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    try:
        run(*control, "-l", str(folder / "log"), "-o", options, "start")
        yield f"postgres@127.0.0.1:{port}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_server(
    other: tuple[str, str],
    store: str,
    finished: FinishedSearch,
    opened: Any,
    tmp_path: Path,
    tune_dml: Callable[..., Any],
    request: pytest.FixtureRequest,
) -> None:
    python, served = other
    uri = f"sqlite:///{tmp_path}/server.db"
    if store == "postgresql":
        address = request.getfixturevalue("postgres")
        name = f"mlflow_{served.replace('.', '_')}"
        subprocess.run(["psql", "-q", f"postgresql://{address}/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
        # Named: SQLAlchemy has had more than one that it takes unless told.
        uri = f"postgresql+psycopg2://{address}/{name}"
    server = Server(tmp_path, tmp_path, uri, python)
    server.start()
    try:
        check_server(server, finished, Pages(opened, served, f"{served}-{store}"), tune_dml)
    finally:
        server.stop()


def test_the_whole_tool(
    other: tuple[str, str],
    finished: FinishedSearch,
    opened: Any,
    space_file: Path,
    search_arguments: tuple[str, ...],
    tmp_path: Path,
) -> None:
    """A search, and the pages on its own store, by another MLflow."""
    python, served = other
    if served == version("mlflow"):
        pytest.skip("test_browser.py has it")
    options = ["--trials", "6", "--space", str(space_file), "--name", "whole", "--results", str(tmp_path), "--json"]
    command = [python, "-m", "tune_dml", *search_arguments, *options]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)})
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / "searches" / "whole"
    theirs = replace(finished, results=tmp_path, folder=folder, document=json.loads(ended.stdout))
    check_embedded(theirs, Pages(opened, served, f"{served}-embedded"), python)
