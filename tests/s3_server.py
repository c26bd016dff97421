"""An S3 server for tests."""

from __future__ import annotations

import logging
import urllib.request
from typing import Any

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "someone",
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class S3:
    """A real S3 server on a loopback port of this process, to be stopped and started again with the same objects."""

    def __init__(self) -> None:
        self.port = 0
        self.start()
        # Servers of one process share their objects.
        self._ask("POST", "moto-api/reset")
        self._ask("PUT", "bucket")

    @property
    def uri(self) -> str:
        return f"s3://bucket/some/prefix?endpoint_override=127.0.0.1:{self.port}&scheme=http"

    def start(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server: Any = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()
        _, self.port = self._server.get_host_and_port()

    def stop(self) -> None:
        self._server.stop()

    def _ask(self, method: str, path: str) -> None:
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", method=method))
