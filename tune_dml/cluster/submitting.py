"""``tune-dml submit``: a command that runs on the head of a cluster, as a Ray job, whatever becomes of this machine."""

from __future__ import annotations

import re
import shlex
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tune_dml.cluster.job_script import Submission, write_job
from tune_dml.config import ascii_slug, slug
from tune_dml.errors import EnvironmentFault, ResultsError
from tune_dml.execution.launcher import CommandFailed, Launcher, launcher
from tune_dml.reporting.output import Output

#: On the head, beside the results.
_JOBS = "~/.tune-dml/jobs"
#: Where Ray takes jobs, on the head itself.
_DASHBOARD = "--address http://127.0.0.1:8265"


def send_job(file: Path, submission: Submission, name: str, out: Output) -> None:
    """Start the command on the head, for the search ``name``.

    Raises:
        UsageError: something is wrong with the file, the command or its options.
        EnvironmentFault: the cluster cannot be reached, or does not take the job.
    """
    cluster = launcher(file)
    job = f"{ascii_slug(name)}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    there = f"{_JOBS}/{job}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_job(submission, name, folder, there)
        out.line(f"sending the command to the cluster {cluster.config['cluster_name']}")
        # rsync makes one folder, not those above it.
        cluster.ask(f"mkdir -p {there}")
        cluster.upload(folder, there)
    quoted = shlex.quote(f"bash {there}/run")
    try:
        cluster.ask(f"ray job submit {_DASHBOARD} --submission-id {job} --no-wait -- bash -c {quoted}")
    except CommandFailed as failed:
        raise EnvironmentFault(
            f"Ray on the head of {file} does not take the job (exit code {failed.code}). Look at it there: "
            f"ray exec {file} 'ray status'; jobs need 'ray[default]' on the head."
        ) from None
    out.line(f"{name} runs on the cluster, and goes on if this command ends")


def follow(file: Path, name: str, out: Output) -> int:
    """Show the log of the latest job of that name from its beginning until the job ends.

    Returns:
        The exit code of the command that was submitted.

    Raises:
        ResultsError: no such job.
        EnvironmentFault: the connection broke, or the command did not end by itself.
    """
    cluster = launcher(file)
    job = _latest(cluster, name)
    log = f"ray job logs {_DASHBOARD} --follow --log-style record --log-color false {job}"
    try:
        # Ray's own lines go to the log's beginning and end.
        for line in cluster.lines(f"{log} 2> /dev/null"):
            if not _is_rays(line):
                out.line(line)
    except CommandFailed:
        pass
    except EnvironmentFault as fault:
        raise EnvironmentFault(f"{fault} {name} goes on without it: tune-dml submit {file} --attach {name}") from None
    code = cluster.ask(f"cat {_JOBS}/{job}/exit 2> /dev/null || echo none").strip()
    if not code.isdigit():
        raise EnvironmentFault(
            f"{name} was ended on the cluster before it was done. "
            f"Go on with it: tune-dml submit {file} -- resume {name}"
        )
    return int(code)


def _latest(cluster: Launcher, name: str) -> str:
    """The job's name: that of the search and the time at which it was submitted."""
    found = cluster.ask(f"ls -1 {_JOBS} 2> /dev/null || true").split()
    ours = sorted(job for job in found if re.fullmatch(rf"{re.escape(ascii_slug(slug(name)))}-\d{{8}}-\d{{6}}", job))
    if not ours:
        raise ResultsError(f"Nothing named '{name}' was submitted to the cluster of {cluster.file}.")
    return ours[-1]


def _is_rays(line: str) -> bool:
    """Whether Ray's job command has printed it, not the job."""
    return bool(
        re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+\t(INFO|SUCC|WARN|ERR)\S* \S+\.py:\d+ -- ", line)
        or line.startswith("Running entrypoint for job ")
    )
