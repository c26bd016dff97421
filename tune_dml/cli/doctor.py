"""``tune-dml doctor``: look before a long search."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import DEFAULTS, Debug, Json, Results, TrackingUri

EXAMPLES = """
tune-dml doctor
tune-dml doctor --encoder roberta-large --gpus-per-trial 0.5
tune-dml doctor --address auto      # on a node of a Ray cluster: all its machines
"""


def doctor(
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A running Ray cluster; 'auto' on one of its nodes.")
    ] = None,
    encoder: Annotated[str | None, typer.Option(metavar="NAME", help="As for 'tune-dml search'.")] = None,
    cpus_per_trial: Annotated[float, typer.Option(metavar="N", help="CPU cores of a trial.")] = DEFAULTS.cpus_per_trial,
    gpus_per_trial: Annotated[float | None, typer.Option(metavar="N", help="GPUs of a trial.")] = None,
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = DEFAULTS.tracking_uri,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Say whether a search could run here, or what prevents it.

    Versions, limits, storage, MLflow, Ray, encoder, memory: what is judged is opened, started or written, and nothing
    is left behind.

    Each line says OK, or what is wrong and what mends it. Exit code 3 if anything is wrong.
    """
    from tune_dml.workflows.doctor import DoctorRequest
    from tune_dml.workflows.doctor import doctor as workflow

    checks = workflow(DoctorRequest(address, encoder, results, tracking_uri, cpus_per_trial, gpus_per_trial))
    if json:
        terminal.print_json([{"ok": check.ok, "says": check.says, "mend": check.mend} for check in checks])
    else:
        for check in checks:
            terminal.print_lines(
                [f"OK     {check.says}"] if check.ok else [f"WRONG  {check.says}.", f"       {check.mend}"]
            )
    return 0 if all(check.ok for check in checks) else 3
