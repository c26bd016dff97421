"""``tune-dml list``: the searches in a results folder."""

from __future__ import annotations

from dataclasses import asdict

from tune_dml.cli import terminal
from tune_dml.cli.arguments import DEFAULTS, Debug, Json, LossPlugin, Results

EXAMPLES = """
tune-dml list
tune-dml list --results runs --json
"""


def list_searches(
    results: Results = DEFAULTS.results, loss_plugin: LossPlugin = None, json: Json = False, debug: Debug = False
) -> None:
    """List the searches in the results folder."""
    from tune_dml.losses import add_plugins
    from tune_dml.workflows.show import list_searches as workflow

    add_plugins(loss_plugin or ())
    rows = workflow(results)
    if json:
        terminal.print_json([asdict(row) for row in rows])
        return
    if not rows:
        terminal.print_lines([f"There is no search in {results} yet; 'tune-dml search' makes one."])
        return
    terminal.print_table(
        ["name", "task", "shots", "encoder", "state", "trials", "cv", "test"],
        [
            (
                row.name,
                row.task,
                str(row.shots),
                row.encoder,
                row.state,
                f"{row.trials_done}/{row.trials}",
                terminal.number(row.cv_accuracy),
                terminal.number(row.test_accuracy),
            )
            for row in rows
        ],
        right=("shots", "trials", "cv", "test"),
        row_per_line=True,
    )
    needs = sorted({place for row in rows for place in row.needs})
    if needs:
        terminal.note(f"For the scores that are missing add {' '.join(f'--loss-plugin {place}' for place in needs)}.")
