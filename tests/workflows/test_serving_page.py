"""``docs/serving.md``: its commands, run as they stand but for names of folders, ports and the task's shots."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from served import serving

import tune_dml as package
from tune_dml.tracking import embedded_uri, free_port

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.slow
NGINX, OPENSSL = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("nginx", "openssl"))
TEXTS = ["Shares fall as oil price rises", "Striker signs for United"]


def command(begin: str) -> list[str]:
    """The only one of the page that begins so."""
    [line] = re.findall(rf"^{re.escape(begin)}.*$", PAGE, re.MULTILINE)
    return shlex.split(line)


def with_port(words: list[str], port: int) -> list[str]:
    place = words.index("--port") + 1
    return [*words[:place], str(port), *words[place + 1 :]]


def test_the_ui_answers_to_the_name_of_its_proxy(finished: Any, tmp_path: Path) -> None:
    port = free_port(0)
    words = [sys.executable, "-m", "tune_dml", *with_port(command("tune-dml ui"), port)[1:]]
    with serving([*words, "--results", str(finished.results)], tmp_path, "/health", port) as ask:
        # As nginx asks.
        assert "MLflow" in ask("/", Host="mlflow.example.org")
        with pytest.raises(HTTPError, match="403"):
            ask("/", Host="elsewhere.example.org")
    said = (tmp_path / "log").read_text()
    assert "MLflow asks for no password" in said
    assert "workflowType=machine_learning" in said


@pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx or openssl is not installed")
def test_nginx_lets_in_who_has_the_password(finished: Any, tmp_path: Path) -> None:
    [block] = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
    port, outside = free_port(0), free_port(0)
    request = f"{OPENSSL} req -x509 -newkey rsa:2048 -nodes -subj /CN=mlflow.example.org -days 1"
    files = ["-keyout", "mlflow.example.org.key", "-out", "mlflow.example.org.crt"]
    subprocess.run([*request.split(), *files], cwd=tmp_path, check=True, capture_output=True)
    made = subprocess.run([OPENSSL, "passwd", "-apr1", "secret"], capture_output=True, text=True, check=True)
    (tmp_path / "results.htpasswd").write_text(f"me:{made.stdout}")
    for there, here in {"443": f"127.0.0.1:{outside}", "127.0.0.1:5000": f"127.0.0.1:{port}"}.items():
        assert there in block
        block = block.replace(there, here)
    block = block.replace("/etc/nginx/", f"{tmp_path}/")
    settings = f"user root;\npid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{block}}}\n"
    (tmp_path / "nginx.conf").write_text(settings if os.getuid() == 0 else settings.partition("\n")[2])
    nginx = [NGINX, "-p", str(tmp_path), "-c", "nginx.conf", "-e", "errors", "-g", "daemon off;"]
    words = [sys.executable, "-m", "tune_dml", *with_port(command("tune-dml ui"), port)[1:]]
    with serving([*words, "--results", str(finished.results)], tmp_path, "/health", port):
        proxy = subprocess.Popen(nginx)
        try:
            page, headers = f"https://127.0.0.1:{outside}", {"Host": "mlflow.example.org"}
            with pytest.raises(HTTPError, match="401"):
                asked(page, headers)
            headers["Authorization"] = f"Basic {base64.b64encode(b'me:secret').decode()}"
            assert "MLflow" in asked(page, headers)
            # As a page of MLflow's asks.
            headers |= {"Origin": "https://mlflow.example.org", "Content-Type": "application/json"}
            found = asked(f"{page}/ajax-api/2.0/mlflow/experiments/search", headers, b'{"max_results": 5}')
            assert "tune-dml/bbc" in found
            with pytest.raises(HTTPError, match="403"):
                asked(f"{page}/ajax-api/2.0/mlflow/experiments/search", headers | {"Origin": "https://x.org"}, b"{}")
        finally:
            proxy.terminate()
            proxy.wait(30)


def asked(address: str, headers: dict[str, str], data: bytes | None = None) -> str:
    """What a server with a certificate of its own making answers, once it does."""
    context = ssl._create_unverified_context()
    for _ in range(100):
        try:
            with urlopen(Request(address, data, headers), timeout=30, context=context) as answer:
                return str(answer.read().decode())
        except HTTPError:
            raise
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)


def test_a_registered_model_is_served(finished: Any, tmp_path: Path) -> None:
    assert "MLflow does not have everything" not in finished.err
    port = free_port(0)
    words = with_port(command("mlflow models serve"), port)
    words = [word.replace("tune-dml-bbc-50", "tune-dml-bbc-25") for word in words]
    where = embedded_uri(finished.results)
    assert re.search(r"^export MLFLOW_TRACKING_URI=sqlite:////\S+/mlflow\.db$", PAGE, re.MULTILINE)
    with serving(words, tmp_path, "/ping", port, MLFLOW_TRACKING_URI=where) as ask:
        rows = ask("/invocations", {"inputs": TEXTS})["predictions"]
    assert [row["label"] for row in rows] == package.load(str(finished.folder / "model")).predict(TEXTS)


def test_a_service_of_ones_own(finished: Any, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "service.py").write_text(code)
    shutil.copytree(finished.folder / "model", tmp_path / "model")
    port = free_port(0)
    with serving(with_port(command("uvicorn service"), port), tmp_path, "/docs", port) as ask:
        assert ask("/classify", TEXTS) == package.load(str(finished.folder / "model")).predict(TEXTS)
    assert json.dumps(command("uvicorn service")[:2])[1:-1] in PAGE, "the container starts the same"
