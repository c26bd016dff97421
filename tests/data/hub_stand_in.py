"""A small HTTP server that answers as the Hugging Face hub does for data sets."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"


class StandIn:
    """Serves files by data set and path, as a context manager.

    Attributes:
        address: What HF_ENDPOINT must be.
        requests: Method and path of each request, in order.
    """

    def __init__(self, data_sets: Mapping[str, Mapping[str, bytes]]) -> None:
        self.requests: list[str] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def do_HEAD(self) -> None:
                stand_in._answer(self, data_sets)

            do_GET = do_POST = do_HEAD

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler, data_sets: Mapping[str, Mapping[str, bytes]]) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.requests.append(f"{request.command} {request.path}")
        parts = [unquote(part) for part in urlsplit(request.path).path.strip("/").split("/")]
        if parts == [""]:
            return _send(request, 200, b"hub", "text/plain")
        api = parts[0] == "api"
        parts = parts[1:] if api else parts
        name = "/".join(parts[1:3])
        if parts[0] != "datasets" or name not in data_sets:
            return _send(request, 404, b"{}", "application/json", {"X-Error-Code": "RepoNotFound"})
        files, rest = data_sets[name], parts[3:]
        if not api:
            path = "/".join(rest[2:])
            if path not in files:
                return _send(request, 404, b"", "text/plain", {"X-Error-Code": "EntryNotFound"})
            return _send(request, 200, files[path], "application/octet-stream")
        if not rest or rest[0] == "revision":
            siblings = [{"rfilename": path} for path in files]
            facts = {"_id": "1", "id": name, "sha": REVISION, "private": False, "gated": False, "disabled": False}
            return _json(request, facts | {"downloads": 0, "likes": 0, "tags": [], "siblings": siblings})
        if rest[0] == "tree":
            return _json(request, _tree(files, "/".join(rest[2:]), "recursive=true" in request.path.lower()))
        if rest[0] == "paths-info":
            wanted = json.loads(body)["paths"] if body.startswith(b"{") else parse_qs(body.decode()).get("paths", [])
            return _json(request, [entry for entry in _tree(files, "", True) if entry["path"] in wanted])
        return _send(request, 404, b"{}", "application/json")


def _tree(files: Mapping[str, bytes], below: str, recursive: bool) -> list[dict[str, object]]:
    entries: dict[str, dict[str, object]] = {}
    start = f"{below}/" if below else ""
    for path, content in files.items():
        if not path.startswith(start):
            continue
        inner = path.removeprefix(start).split("/")
        for depth in range(1, len(inner)):
            folder = start + "/".join(inner[:depth])
            if recursive or depth == 1:
                entries[folder] = {"type": "directory", "path": folder, "oid": _oid(folder.encode()), "size": 0}
        if recursive or len(inner) == 1:
            entries[path] = {"type": "file", "path": path, "oid": _oid(content), "size": len(content)}
    return list(entries.values())


def _oid(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _json(request: BaseHTTPRequestHandler, value: object) -> None:
    _send(request, 200, json.dumps(value).encode(), "application/json")


def _send(
    request: BaseHTTPRequestHandler, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None
) -> None:
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(body)))
    request.send_header("X-Repo-Commit", REVISION)
    request.send_header("ETag", f'"{_oid(body)}"')
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
