"""``tune-dml submit``: a command that runs on the head of a cluster, as a Ray job, whatever becomes of this machine."""

from __future__ import annotations

import re
from pathlib import Path

from tune_dml.cluster.job_script import Submission
from tune_dml.cluster.submitting import follow, send_job
from tune_dml.config import slug
from tune_dml.driver.naming import search_name
from tune_dml.driver.options import draw_settings
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError
from tune_dml.reporting.output import Output

__all__ = ["Submission", "follow", "submit"]

_SECRET = re.compile(r"://[^/@\s]*:[^/@\s]*@")


def submit(file: Path, submission: Submission, out: Output) -> str:
    """Start the command on the head.

    Returns:
        The name of the search: what :func:`follow` and ``tune-dml fetch`` ask for.

    Raises:
        UsageError: something is wrong with the file, the command or its options.
        EnvironmentFault: the cluster cannot be reached, or does not take the job.
    """
    name = _name(submission)
    send_job(file, submission, name, out)
    return name


def _name(submission: Submission) -> str:
    given = submission.given
    if any(_SECRET.search(argument) for argument in submission.arguments):
        raise UsageError(
            "A password in an argument would be seen on the cluster. Leave it out, and set MLFLOW_TRACKING_USERNAME "
            "and MLFLOW_TRACKING_PASSWORD for the cluster's machines."
        )
    if submission.command == "search":
        asked = {key: given[key] for key in ("task", "shots", "shots_per_class", "name") if given.get(key) is not None}
        request = SearchRequest(**asked)
        return search_name(request, draw_settings(request), Path("/nowhere"))
    if not given.get("name"):
        raise UsageError(f"Say which search: tune-dml submit FILE -- {submission.command} NAME")
    return slug(str(given["name"]))
