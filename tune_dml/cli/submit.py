"""``tune-dml submit``: a search whose driver runs on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Quiet
from tune_dml.errors import UsageError, nearest

EXAMPLES = """
tune-dml submit cluster.yaml -- search --task SST2 --shots 50
tune-dml submit cluster.yaml -- search --task intents --data my.csv --name intents
tune-dml submit cluster.yaml --attach intents        # see its log again
tune-dml submit cluster.yaml -- resume intents
tune-dml fetch cluster.yaml intents                  # its results
"""


def submit(
    context: typer.Context,
    cluster: Annotated[Path, typer.Argument(metavar="CLUSTER.yaml", help="The file that 'ray up' was given.")],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- COMMAND", help="search, resume or confirm, with its options.")
    ] = None,
    attach: Annotated[
        str | None, typer.Option("--attach", metavar="NAME", help="Follow what was submitted before.")
    ] = None,
    no_follow: Annotated[bool, typer.Option("--no-follow", help="Do not wait for it.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Run a search on the head of a cluster, and show its log.

    It is a Ray job there, which goes on if this command ends, or this machine. Files given with --data, --space
    and --label-texts go along; results stay on the head until 'tune-dml fetch' brings them.
    """
    from tune_dml.workflows import submit as workflow

    if (attach is None) == (not command):
        raise UsageError("Give a command after '--', such as: tune-dml submit CLUSTER.yaml -- search --task SST2")
    with terminal.output(False, quiet, False, debug) as out:
        if attach is None:
            assert command
            attach = workflow.submit(cluster, _read(context, command[0], command[1:]), out)
        if no_follow:
            terminal.print_lines([f"follow it:    tune-dml submit {cluster} --attach {attach}"])
            return 0
        code = workflow.follow(cluster, attach, out)
    terminal.print_lines([f"bring it here: tune-dml fetch {cluster} {attach}"])
    return code


def _read(context: typer.Context, name: str, arguments: list[str]) -> Any:
    """The arguments as the command itself would take them, so that a mistake shows here and at once."""
    from tune_dml.cluster.job_script import COMMANDS, Submission

    if name not in COMMANDS:
        raise UsageError(f"'{name}' cannot be submitted: {nearest(name, COMMANDS)}")
    group: Any = context.find_root().command
    read = group.commands[name].make_context(f"tune-dml {name}", list(arguments))
    return Submission(name, tuple(arguments), dict(read.params))
