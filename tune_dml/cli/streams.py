"""Standard output and error that cannot fail, whatever is printed and wherever it goes."""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from tune_dml.config.characters import STAND_INS, is_unicode

#: What a shell reports for a program that SIGPIPE ended.
BROKEN_PIPE = 141
_OUTPUTS = {"stdout": 1, "stderr": 2}


class LastingFile(io.RawIOBase):
    """A file that is written as long as it can be; what comes later is dropped.

    Attributes:
        fault: Why it can no longer be written.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.fault: OSError | None = None

    def writable(self) -> bool:
        """As files have it."""
        return True

    def fileno(self) -> int:
        """As files have it."""
        return self._number

    def isatty(self) -> bool:
        """As files have it."""
        return os.isatty(self._number)

    def write(self, data: Any) -> int:
        """All of it, or what the file still takes."""
        view = memoryview(data).cast("B")
        size = len(view)
        while view and self.fault is None:
            try:
                view = view[os.write(self._number, view) :]
            except BlockingIOError:
                # It is shared with a program that does not want to wait.
                select.select([], [self._number], [])
            except OSError as error:
                self.fault = error
        return size


@contextlib.contextmanager
def lasting_streams() -> Iterator[LastingFile | None]:
    """Within the block nothing that is printed can fail: characters that the encoding lacks have a stand-in, and where
    a pipe is closed or a disk is full the rest is dropped.

    Yields:
        Standard output; ``None`` where it is not the process's own.
    """
    _open_closed()
    files: dict[str, tuple[LastingFile, TextIO]] = {}
    others: list[tuple[io.TextIOWrapper, str]] = []
    for name, number in _OUTPUTS.items():
        stream = getattr(sys, name)
        # What somebody else has put there fails where it fails.
        if stream is getattr(sys, f"__{name}__") and _number(stream) == number:
            with contextlib.suppress(OSError):
                stream.flush()
            files[name] = LastingFile(number), stream
            buffered = io.BufferedWriter(files[name][0])
            lines = stream.isatty() or name == "stderr"
            setattr(sys, name, io.TextIOWrapper(buffered, stream.encoding, STAND_INS, line_buffering=lines))
        elif isinstance(stream, io.TextIOWrapper):
            others.append((stream, stream.errors or "strict"))
            stream.reconfigure(errors=STAND_INS)
    try:
        yield files["stdout"][0] if "stdout" in files else None
    finally:
        for other, errors in others:
            with contextlib.suppress(ValueError):
                other.reconfigure(errors=errors)
        for name, (_, stream) in files.items():
            getattr(sys, name).flush()
            setattr(sys, name, stream)


@contextlib.contextmanager
def data_stream() -> Iterator[TextIO]:
    """Standard output for data: in a pipe or a file always UTF-8, on a terminal as all else is shown.

    Raises:
        OSError: in the block, when what was written can go nowhere: nobody waits for the rest.
    """
    buffer: Any = getattr(sys.stdout, "buffer", None)
    if buffer is None or sys.stdout.isatty():
        yield sys.stdout
        return
    sys.stdout.flush()
    raw = getattr(buffer, "raw", None)
    if isinstance(raw, LastingFile):
        buffer = open(raw.fileno(), "wb", closefd=False)  # noqa: SIM115
    stream = io.TextIOWrapper(buffer, "utf-8", newline="")
    try:
        yield stream
        stream.flush()
    finally:
        with contextlib.suppress(OSError):
            stream.detach()


def use_utf8(arguments: Sequence[str]) -> None:
    """Where the locale is not UTF-8, start this program again in Python's UTF-8 mode: names of files and what libraries
    write are UTF-8 then, and the terminal keeps its encoding. Processes that this one starts never fail to print.

    Does not return where it starts the program again.
    """
    shown = f"{getattr(sys.stdout, 'encoding', None) or 'ascii'}:backslashreplace"
    if "PYTHONIOENCODING" in os.environ:
        os.environ["PYTHONIOENCODING"] = shown
    own = sys.orig_argv[len(sys.orig_argv) - len(arguments) :] == list(arguments)
    if is_unicode(sys.getfilesystemencoding()) or not arguments or not own:
        return
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONIOENCODING": shown}
    with contextlib.suppress(OSError):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def _open_closed() -> None:
    """Give closed standard streams to the null device: else the next file that is opened, such as a search's journal,
    would be what this process and its workers print to."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115


def _number(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None
