"""What readers of other people's files are fed, and what they may do with it: read it, or refuse it in a sentence."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tune_dml.errors import TuneDMLError

T = TypeVar("T")

#: With every change fewer than in ``make long-test``.
CASES = int(os.environ.get("TUNE_DML_FUZZ_CASES", "1000"))
#: The same cases on every run, and nothing left behind on disk.
FUZZ = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=timedelta(seconds=30),
    suppress_health_check=list(HealthCheck),
)
#: Of one reader, in seconds of this process: the clock on the wall also counts what else the machine does.
LONGEST_READING = 5.0
#: Of a line of a message.
LONGEST_LINE = 1_200

PIECES: tuple[bytes, ...] = (
    b"", b" ", b"\n", b"\r", b"\r\n", b"\t", b",", b":", b"-", b"#", b"'", b'"', b'""', b"\\", b"[", b"]", b"{", b"}",
    b"\0", b"\x1b[2J", b"\x07", b"\x85", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff", b"\xc3\x28",
    b"\xed\xa0\x80", b'"\\ud800"', "\u202e\u2028\u200b".encode(), "é".encode("latin-1"), "é".encode("utf-16"),
    b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"\x80\x04\x95", b"null", b"true", b"~", b"NaN", b".nan", b"-Infinity",
    b"1e999", b"-1", b"0", b"1.0", b"9" * 5_000, b"1" * 400, b"0x" + b"f" * 180, b"2020-99-99", b"1:2:3",
    b"{0.__class__}",
    b"%s%n", b"../../escaped", b"/etc/passwd", b"a" * 3_000, b"[" * 3_000, b'{"a":' * 3_000, b"- " * 3_000,
    b"!!python/object/apply:os.mkdir [escaped]", b"!!int x", b"!!float ''", b"!!timestamp x", b"!!bool x",
    b"!!binary x", b"!!set {a}", b"!x", b"&a ", b"*a", b"<<: *a", b"? ", b"| ", b"%YAML 9.9\n", b"---\n", b"...\n",
)  # fmt: skip
NAMES = (
    "", " ", ".", "..", "../escaped", "../../escaped", "/escaped", "~", "~nobody-at-all/x", "a/b", "a\\b", "a\0b",
    "-rf", "--help", "a\nb", "\x1b[2J", "\ud800", "日本", "a" * 300, "{0.__class__}", "%s", "$(touch escaped)",
    ".hidden", "con", "name:tag", "hub", "é",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, samples: Sequence[bytes], pieces: Sequence[bytes] = PIECES) -> bytes:
    """A sample with up to six accidents: bytes flipped, removed, doubled, cut off, or put in from elsewhere."""
    data = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.integers(0, 5))
        start = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 12))
        before, middle, after = data[:start], data[start : start + length], data[start + length :]
        if kind == 0:
            data = before + bytes(byte ^ draw(st.integers(1, 255)) for byte in middle[:2]) + middle[2:] + after
        elif kind == 1:
            data = before + after
        elif kind == 2:
            data = before + middle * draw(st.integers(2, 4)) + after
        elif kind == 3:
            other = draw(st.sampled_from(samples))
            data = before + other[draw(st.integers(0, len(other))) :]
        else:
            data = before + draw(st.sampled_from(pieces)) + (after if kind == 4 else middle + after)
    return data


def texts(max_size: int = 12) -> st.SearchStrategy[str]:
    """Short texts of any characters, lone surrogates and control characters among them, and odd names."""
    return st.sampled_from(NAMES) | st.text(st.characters(codec=None), max_size=max_size)


def read_or_refused(folder: Path, reader: Callable[[], T]) -> T | None:
    """What ``reader`` returns, or ``None`` where it refuses. It changes nothing below ``folder``, writes no file
    anywhere, starts no program, opens no connection and unpickles nothing; any other error goes on to the test."""
    before = _listing(folder)
    begun = time.process_time()
    try:
        with _reading_only():
            return reader()
    except TuneDMLError as error:
        _check(str(error))
        return None
    finally:
        assert time.process_time() - begun < LONGEST_READING
        assert _listing(folder) == before


def _check(message: str) -> None:
    assert message.strip()
    assert all(c.isprintable() or c == "\n" for c in message), message
    assert max(len(line) for line in message.split("\n")) <= LONGEST_LINE, message
    assert not re.search(r'File ".*", line \d+', message), message


def _listing(folder: Path) -> list[tuple[str, int, int]]:
    found = []
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                found.append((entry.path, about.st_size, about.st_mtime_ns))
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return sorted(found)


#: Audit events of Python that a reader has no business with.
_FORBIDDEN = (
    "os.chmod", "os.chown", "os.exec", "os.fork", "os.link", "os.mkdir", "os.posix_spawn", "os.remove", "os.rename",
    "os.rmdir", "os.symlink", "os.system", "os.truncate", "os.utime", "pickle.find_class", "shutil.", "socket.connect",
    "socket.getaddrinfo", "subprocess.Popen", "tempfile.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_deeds: list[str] | None = None
_hooked = False


@contextmanager
def _reading_only() -> Iterator[None]:
    global _deeds, _hooked
    if not _hooked:
        sys.addaudithook(_noticed)
        _hooked = True
    _deeds = deeds = []
    try:
        yield
    finally:
        _deeds = None
        assert deeds == []


def _noticed(event: str, arguments: tuple[Any, ...]) -> None:
    if _deeds is None:
        return
    if event == "open":
        path, _, flags = arguments
        # Python's own: modules that are imported late are kept compiled.
        if flags & _WRITING and "__pycache__" not in str(path):
            _deeds.append(f"{event} {path!r}")
    elif event.startswith(_FORBIDDEN) and "__pycache__" not in str(arguments):
        _deeds.append(f"{event} {arguments!r}"[:300])
