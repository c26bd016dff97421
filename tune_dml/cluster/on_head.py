"""Searches on the head of a cluster: which there are, and one of them brought here."""

from __future__ import annotations

import shlex
import tarfile
from pathlib import Path

from tune_dml.config import absolute_path
from tune_dml.errors import EnvironmentFault
from tune_dml.execution.launcher import CommandFailed, Launcher, launcher
from tune_dml.storage import SEARCH_FILE
from tune_dml.storage.kept_names import is_search_name

#: Where a submitted search keeps its results, seen from the home of whoever ``ray up`` logs in as.
RESULTS = "~/tune-dml-results"
_ENDINGS = (".yaml", ".yml")


def is_cluster(source: str) -> bool:
    """Whether it is named as cluster files are; stores are not."""
    return source.lower().endswith(_ENDINGS)


class OnHead:
    """The results folder of a cluster's head.

    Raises:
        UsageError: ``file`` is no cluster file.
        EnvironmentFault: by each method, where the head cannot be reached.
    """

    def __init__(self, file: str, folder: str | None) -> None:
        self._cluster: Launcher = launcher(absolute_path(file))
        self._folder = RESULTS if folder is None else shlex.quote(folder)

    def names(self) -> list[str]:
        """Of the searches there."""
        found = self._cluster.ask(f"cd {self._folder}/searches 2> /dev/null && ls -1d -- */{SEARCH_FILE} || true")
        names = (line.strip().partition("/")[0] for line in found.splitlines())
        return sorted(name for name in names if is_search_name(name))

    def bring(self, name: str, into: Path) -> None:
        """Bring a search, but for Ray's scratch, into the folder ``into``, in which it gets a folder of its name.

        Raises:
            EnvironmentFault: it could not be packed there, or what came is no archive of it.
        """
        there, here = f"/tmp/tune-dml-{name}.tar.gz", into / "search.tar.gz"
        # 1: a file has grown meanwhile; the journal may end in the middle of a line then, which its readers expect.
        pack = f"tar -C {self._folder}/searches --exclude={name}/ray -czf {there} {name} || test $? = 1"
        try:
            self._cluster.ask(pack)
            self._cluster.download(there, here)
            self._cluster.ask(f"rm -f {there}")
        except CommandFailed as failed:
            raise EnvironmentFault(f"'{name}' cannot be packed on the head (exit code {failed.code}).") from None
        try:
            with tarfile.open(here) as archive:
                # Whoever wrote it is not trusted: nothing leads outside, and there are only files and folders.
                archive.extractall(into, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise EnvironmentFault(f"'{name}' came damaged from the head: {error}.") from None
        finally:
            here.unlink(missing_ok=True)
