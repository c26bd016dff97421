"""Paths as users give them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tune_dml.config.characters import is_unicode
from tune_dml.errors import UsageError


def absolute_path(given: str | Path) -> Path:
    """``given`` with ``~`` and relative parts filled in, whether or not there is anything.

    Raises:
        UsageError: no file can have this path, or what is there may not be looked at.
    """
    try:
        # Not pathlib's, for which ./~name is ~name.
        expanded = os.path.expanduser(given)
        if str(expanded).startswith("~"):
            raise UsageError(
                f"The path {given} cannot be used: nobody here has such a home folder. What is called so is ./{given}."
            )
        path = Path(expanded).absolute()
        str(path).encode()
        os.fsencode(path)
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except UnicodeEncodeError:
        if not is_unicode(sys.getfilesystemencoding()):
            raise UsageError(
                f"The path {given} cannot be used: names of files are {sys.getfilesystemencoding()} in this locale. "
                "Set PYTHONUTF8=1, or a locale such as LC_ALL=C.UTF-8."
            ) from None
        # It is written into files and to servers, all of them UTF-8.
        raise UsageError(f"The path {given} is not in UTF-8; rename the file or the folder.") from None
    except OSError as error:
        raise UsageError(f"The path {given} cannot be used: {error.strerror or error}.") from None
    except ValueError as error:  # a zero byte
        raise UsageError(f"The path {given} cannot be used ({str(error).rstrip('.')}).") from None
    return path
