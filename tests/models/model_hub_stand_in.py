"""A small HTTP server that answers as the Hugging Face hub does for one model."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

REVISION = "89abcdef0123456789abcdef0123456789abcdef"


class ModelHub:
    """Serves the files of ``folder`` as the model ``name``, as a context manager.

    Args:
        refusal: Status and the hub's own code for it, which everything is answered with; of a gated model its files.

    Attributes:
        address: What HF_ENDPOINT must be.
        requests: Method and path of each request, in order.
    """

    def __init__(self, name: str, folder: Path, refusal: tuple[int, str] | None = None) -> None:
        self.name, self.folder = name, folder
        self.requests: list[str] = []
        self._refusal = refusal
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def do_HEAD(self) -> None:
                hub._answer(self)

            do_GET = do_HEAD

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ModelHub:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append(f"{request.command} {request.path}")
        path = unquote(urlsplit(request.path).path).strip("/")
        if self._refusal is not None and (self._refusal[1] != "GatedRepo" or "/resolve/" in path):
            status, code = self._refusal
            return _send(
                request, status, b'{"error": "no"}', "application/json", {"X-Error-Code": code} if code else {}
            )
        files = {p.relative_to(self.folder).as_posix(): p for p in sorted(self.folder.rglob("*")) if p.is_file()}
        api, own = f"api/models/{self.name}", f"{self.name}/resolve/"
        if path in (api, f"{api}/revision/main", f"{api}/revision/{REVISION}"):
            siblings = [{"rfilename": name, "size": p.stat().st_size} for name, p in files.items()]
            facts = {"_id": "1", "id": self.name, "sha": REVISION, "private": False, "gated": False, "disabled": False}
            return _json(request, facts | {"downloads": 0, "likes": 0, "tags": [], "siblings": siblings})
        if path.startswith(f"{api}/tree/"):
            return _json(
                request,
                [
                    {"type": "file", "path": name, "size": p.stat().st_size, "oid": _oid(p.read_bytes())}
                    for name, p in files.items()
                ],
            )
        if path.startswith(own):
            file = files.get(path.removeprefix(own).partition("/")[2])
            if file is not None:
                return _send(request, 200, file.read_bytes(), "application/octet-stream")
            return _send(request, 404, b"", "text/plain", {"X-Error-Code": "EntryNotFound"})
        _send(request, 404, b'{"error": "Repository not found"}', "application/json", {"X-Error-Code": "RepoNotFound"})


def _oid(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _json(request: BaseHTTPRequestHandler, value: object) -> None:
    _send(request, 200, json.dumps(value).encode(), "application/json")


def _send(
    request: BaseHTTPRequestHandler, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
) -> None:
    request.send_response(status)
    own = {"Content-Type": kind, "Content-Length": str(len(body)), "X-Repo-Commit": REVISION, "ETag": f'"{_oid(body)}"'}
    for name, value in (own | (headers or {})).items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
