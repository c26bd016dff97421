"""An MLflow server that can be lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tune_dml.tracking import embedded_uri, free_port, ui_environment


class Server:
    """A real MLflow server on a loopback port, to be stopped and started again on the same store."""

    def __init__(self, folder: Path, results: Path, store: str | None = None, python: str = sys.executable) -> None:
        self.port = free_port(0)
        self.uri = f"http://127.0.0.1:{self.port}"
        self.command = [
            *[python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)],
            *["--workers", "1", "--backend-store-uri", store or embedded_uri(results)],
            *["--artifacts-destination", str(folder / "served")],
        ]
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, cwd=self.folder, env=ui_environment(), start_new_session=True
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.uri + "/health", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError((self.folder / "server.log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
