"""Where Ray puts its sockets, its logs and what does not fit into memory."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tune_dml.errors import EnvironmentFault

#: Bytes of a Unix socket's path, by the kernel's limit; the least of the systems that Ray runs on is macOS's.
MOST_SOCKET_BYTES = 107 if os.uname().sysname == "Linux" else 103
#: Ray's own names.
_VARIABLE, _NAME = "RAY_TMPDIR", "ray"
#: Of Ray's sockets, the one with the longest path below the folder of a session.
_LONGEST = "sockets/plasma_store"
#: Of private folders, the best first: disks before memory, since objects that do not fit into memory are put there.
PLACES = ("/tmp", "/var/tmp", "$XDG_RUNTIME_DIR", "/dev/shm", "~")
_CURE = f"Name a folder with a short path that can be written: {_VARIABLE}=/path tune-dml ..."


@dataclass(frozen=True)
class Scratch:
    """Where a session of Ray on this machine has its files.

    Attributes:
        private: Whether it is a folder of ours that only this user may look into, and not Ray's own choice.
    """

    folder: Path
    private: bool

    @property
    def logs(self) -> Path:
        """Of the latest session there."""
        return self.folder / "session_latest" / "logs"


def temporary_folder() -> Scratch:
    """Where a session of Ray is to have its files: where Ray itself would have them (``ray`` in ``RAY_TMPDIR``, else in
    ``TMPDIR``, else in ``/tmp``) if that will do, else in a private folder, which is made.

    Raises:
        EnvironmentFault: what ``RAY_TMPDIR`` says, which is respected, will not do; or no folder does.
    """
    chosen = os.environ.get(_VARIABLE)
    if chosen:
        folder = Path(chosen).absolute() / _NAME
        wrong = _what_is_wrong(folder, chosen=True)
        if wrong is not None:
            raise EnvironmentFault(f"{_VARIABLE} is {chosen!r}, where Ray cannot have its files: {wrong}. {_CURE}")
        return Scratch(folder, private=False)
    usual = Path(os.environ.get("TMPDIR") or "/tmp", _NAME)
    if usual.is_absolute() and _what_is_wrong(usual) is None:
        return Scratch(usual, private=False)
    tried = [str(usual.parent)]
    for folder in _private_folders():
        tried.append(str(folder.parent))
        if _is_ours(folder):
            if _what_is_wrong(folder) is None:
                return Scratch(folder, private=True)
            remove_session(folder, None)
    raise EnvironmentFault(
        f"Ray needs a folder for its files, and none of {', '.join(dict.fromkeys(tried))} will do: each cannot be "
        f"written, belongs to somebody else, or has too long a path. {_CURE}"
    )


def remove_session(folder: Path, session: Path | None) -> None:
    """Remove what a session has left in a private folder, and the folder, unless another session uses it."""
    if session is not None and session.parent == folder:
        shutil.rmtree(session, ignore_errors=True)
    with contextlib.suppress(OSError):
        latest = folder / "session_latest"
        if latest.is_symlink() and not latest.exists():
            latest.unlink()
        folder.rmdir()


def _private_folders() -> Iterator[Path]:
    """A name that is taken by somebody else is no use, hence a second one in each place."""
    for place in (os.path.expandvars(os.path.expanduser(place)) for place in PLACES):
        if os.path.isabs(place) and os.path.isdir(place):
            yield Path(place, f"tune-dml-{os.getuid()}")
            yield Path(place, f"tune-dml-{secrets.token_hex(4)}")


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this user's that nobody else may write to; made if need be."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & 0o077


def _what_is_wrong(folder: Path, *, chosen: bool = False) -> str | None:
    """Why Ray could not have its files in ``folder``; ``None`` where it can. Leaves nothing behind.

    Args:
        chosen: Whether the user has: then it is made, if need be, as Ray would, and may belong to anybody.
    """
    # As Ray names a session.
    session = f"session_{datetime.now():%Y-%m-%d_%H-%M-%S_%f}_{os.getpid()}"
    size = len(os.fsencode(folder / session / _LONGEST))
    if size > MOST_SOCKET_BYTES:
        return f"its path is {size - MOST_SOCKET_BYTES} bytes too long for a socket in it"
    try:
        if chosen:
            folder.parent.mkdir(parents=True, exist_ok=True)
        there = os.path.lexists(folder)
        if there and not chosen and folder.stat().st_uid != os.getuid():
            return "it belongs to somebody else"
        inside = tempfile.mkdtemp(dir=folder if there else folder.parent)
        try:
            # Not every file system has sockets.
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(os.path.join(inside, "s"))
        finally:
            shutil.rmtree(inside, ignore_errors=True)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None
