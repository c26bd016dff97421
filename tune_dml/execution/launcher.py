"""Ray's cluster launcher: commands and files for the head of a cluster that ``ray up`` has made from a file."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_dml.errors import EnvironmentFault, UsageError

_RAY = (sys.executable, "-c", "import sys; from ray.scripts.scripts import main; sys.exit(main())")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: Lines of Ray's and ssh's own that are kept, to say what went wrong.
_KEPT_LINES = 30


@dataclass(frozen=True)
class Launcher:
    """The cluster of one file.

    Attributes:
        file: The cluster file, as ``ray up`` takes it.
        config: What it holds.
    """

    file: Path
    config: Mapping[str, Any]

    def lines(self, command: str) -> Iterator[str]:
        """Run a shell command on the head and yield what it prints, line by line.

        Raises:
            EnvironmentFault: the head is not to be reached, or the connection broke before the command had ended.
            CommandFailed: the command has ended with another exit code than 0; after its lines.
        """
        mark = f"tune-dml-{secrets.token_hex(8)}"
        # Ray and ssh print lines of their own before and after.
        process = _start("exec", str(self.file), f"echo {mark}; ({command}); echo {mark} $?")
        others: deque[str] = deque(maxlen=_KEPT_LINES)
        begun, code = False, None
        try:
            assert process.stdout is not None
            for line in process.stdout:
                text = _COLOUR.sub("", line).rstrip("\r\n")
                before, found, after = text.partition(f"{mark} ")
                if begun and found and after.strip().isdigit():
                    code = int(after)
                    if before:
                        yield before
                    break
                if begun:
                    yield text
                elif text.strip() == mark:
                    begun = True
                else:
                    others.append(text)
        finally:
            if code is None and process.poll() is None:
                process.terminate()
            # What follows the mark must be read, or ssh may wait for ever to be rid of it.
            others.extend(process.communicate()[0].splitlines())
        if code is None:
            raise EnvironmentFault(self._why(others, begun))
        if code:
            raise CommandFailed(code)

    def ask(self, command: str) -> str:
        """What a shell command prints on the head; errors as :meth:`lines`."""
        return "\n".join(self.lines(command))

    def upload(self, folder: Path, there: str) -> None:
        """Copy what is in ``folder`` into the folder ``there`` of the head, which is made if need be.

        Raises:
            EnvironmentFault: it cannot be reached, or written.
        """
        self._copy("rsync-up", f"{folder}/", f"{there}/")

    def download(self, there: str, file: Path) -> None:
        """Copy a file of the head; errors as :meth:`upload`."""
        self._copy("rsync-down", there, str(file))

    def _copy(self, how: str, source: str, target: str) -> None:
        process = _start(how, str(self.file), source, target)
        said = process.communicate()[0].splitlines()
        if process.returncode:
            raise EnvironmentFault(self._why(deque(said, _KEPT_LINES), False))

    def _why(self, said: deque[str], begun: bool) -> str:
        """In a sentence, from the last lines that Ray and ssh have printed."""
        plain = [_COLOUR.sub("", line).strip() for line in said]
        if any("Head node of cluster" in line and "not found" in line for line in plain):
            return f"The cluster of {self.file} is not up. Start it: ray up -y {self.file}"
        if begun:
            return f"The connection to the cluster of {self.file} broke."
        words = ("Error", "error:", "refused", "denied", "timed out", "unreachable", "No such file", "No route")
        telling = [line for line in plain if any(word in line for word in words) and "Full command" not in line]
        reason = telling[0] if telling else next((line for line in reversed(plain) if line), "no reason was given")
        return f"The head of the cluster of {self.file} cannot be reached: {reason[:300].rstrip('.')}."


class CommandFailed(EnvironmentFault):
    """A command on the head ended with another exit code than 0.

    Attributes:
        code: Its exit code.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"A command on the head of the cluster ended with exit code {code}.")
        self.code = code


def launcher(file: Path) -> Launcher:
    """Of a cluster file, looked at so far as to be told from any other file.

    Raises:
        UsageError: it is not there, or is no cluster file.
        EnvironmentFault: it sends Ray's token to its machines, and there is none here.
    """
    import yaml

    try:
        config: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The cluster file {file} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise UsageError(f"{file} is not YAML; give a cluster file, as for 'ray up'.") from None
    if not isinstance(config, dict) or not {"cluster_name", "provider"} <= set(config):
        raise UsageError(f"{file} is no cluster file: it has no cluster_name or no provider. 'ray up' takes the same.")
    mounts = config.get("file_mounts")
    sent = [str(path) for path in mounts.values()] if isinstance(mounts, dict) else []
    if any(".ray" in Path(path).parts for path in sent) and not (Path.home() / ".ray" / "auth_token").is_file():
        raise EnvironmentFault(
            f"{file} sends Ray's token to the cluster's machines, and there is none here. "
            "Make one, before 'ray up': ray get-auth-token --generate > /dev/null"
        )
    return Launcher(file, config)


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*_RAY, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
