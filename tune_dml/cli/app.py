"""All commands, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tune_dml.cli import (
    best,
    compare,
    confirm,
    doctor,
    encoders,
    fetch,
    hyperparameters,
    list_searches,
    losses,
    predict,
    resume,
    search,
    show,
    spaces,
    submit,
    sync,
    tasks,
    templates,
    train,
    ui,
)
from tune_dml.cli.arguments import Debug
from tune_dml.errors import UsageError, nearest
from tune_dml.version import __version__

_EXAMPLES = """
tune-dml search --task bbc --shots 50         # the main job, without any hub
tune-dml search --task intents --data my.csv  # your own labelled texts
tune-dml predict MODEL texts.csv              # use the model it saved
tune-dml ui                                   # look at every trial in MLflow
"""


class Commands(TyperGroup):
    """A group that names the nearest command for one that does not exist."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            raise UsageError(
                f"There is no command '{name}': {nearest(name, self.commands)} '{ctx.command_path} --help' lists them."
            )
        return super().resolve_command(ctx, args)


def _group(text: str, examples: str) -> typer.Typer:
    return typer.Typer(
        cls=Commands,
        help=text,
        epilog=_epilog(examples),
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _epilog(examples: str) -> str:
    # \b keeps the lines of a paragraph as they are.
    lines = "\n".join(f"  {line}" for line in examples.strip().splitlines())
    return f"\b\nExamples:\n{lines}"


app = _group(
    "Finds the fine-tuning recipe that works best for a text-classification task with few labelled examples: "
    "which loss, which hyperparameters, which representation and which read-out.",
    _EXAMPLES,
)
_spaces = _group(spaces.HELP, spaces.EXAMPLES)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tune-dml {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _top(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Debug = False,
) -> None:
    _help_if_alone(ctx)


@_spaces.callback(invoke_without_command=True)
def _spaces_top(ctx: typer.Context) -> None:
    _help_if_alone(ctx)


def _help_if_alone(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _add(group: typer.Typer, name: str, command: Callable[..., Any], examples: str) -> None:
    group.command(name, epilog=_epilog(examples), context_settings={"help_option_names": ["-h", "--help"]})(command)


_add(app, "search", search.search, search.EXAMPLES)
_add(app, "compare", compare.compare, compare.EXAMPLES)
_add(app, "resume", resume.resume, resume.EXAMPLES)
_add(app, "confirm", confirm.confirm, confirm.EXAMPLES)
_add(app, "fetch", fetch.fetch, fetch.EXAMPLES)
_add(app, "train", train.train, train.EXAMPLES)
_add(app, "predict", predict.predict, predict.EXAMPLES)
_add(app, "list", list_searches.list_searches, list_searches.EXAMPLES)
_add(app, "show", show.show, show.EXAMPLES)
_add(app, "tasks", tasks.tasks, tasks.EXAMPLES)
_add(app, "encoders", encoders.encoders, encoders.EXAMPLES)
_add(app, "templates", templates.templates, templates.EXAMPLES)
_add(app, "losses", losses.losses, losses.EXAMPLES)
_add(app, "hyperparameters", hyperparameters.hyperparameters, hyperparameters.EXAMPLES)
app.add_typer(_spaces, name="spaces")
_add(app, "submit", submit.submit, submit.EXAMPLES)
_add(app, "doctor", doctor.doctor, doctor.EXAMPLES)
_add(app, "best", best.best, best.EXAMPLES)
_add(app, "sync", sync.sync, sync.EXAMPLES)
_add(app, "ui", ui.ui, ui.EXAMPLES)
_add(_spaces, "list", spaces.list_spaces, spaces.LIST_EXAMPLES)
_add(_spaces, "show", spaces.show, spaces.SHOW_EXAMPLES)
_add(_spaces, "check", spaces.check, spaces.CHECK_EXAMPLES)
_add(_spaces, "copy", spaces.copy, spaces.COPY_EXAMPLES)
