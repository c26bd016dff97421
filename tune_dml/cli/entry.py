"""Runs the command line: exit codes, and errors as plain sentences."""

from __future__ import annotations

import contextlib
import gc
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from typer.exceptions import TyperException

from tune_dml.cli import streams
from tune_dml.cli.app import app
from tune_dml.errors import EnvironmentFault, TuneDMLError, first_line, nearest, printable

PROGRAM = "tune-dml"
_INTERRUPTED = 130
#: New objects between two runs of the garbage collector. The libraries make millions that live for ever; with
#: Python's own threshold much of the time of importing them goes into looking at them again and again.
_OBJECTS_PER_COLLECTION = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The arguments without the program's name; ``None`` takes the process's own.

    Returns:
        The exit code: 0; 2 for a user's mistake; 3 for a fault of the environment, such as a full disk that the output
        went to; 130 when interrupted; 141 when nobody reads the output any more; 1 for a fault of tune-dml itself.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        streams.use_utf8(arguments)
    gc.set_threshold(_OBJECTS_PER_COLLECTION, 20, 20)
    with streams.lasting_streams() as output:
        try:
            code = _run(arguments)
        except KeyboardInterrupt:
            code = _INTERRUPTED
    if argv is None:
        # The process ends, and looks for garbage in all that it holds once more: seconds, after the last word.
        gc.freeze()
    if code or output is None or output.fault is None:
        return code
    if isinstance(output.fault, BrokenPipeError):
        return streams.BROKEN_PIPE
    with contextlib.suppress(OSError):
        # It goes the same way where both are one closed terminal.
        _say(f"What was printed could not be written ({output.fault.strerror}); all else was done.")
    return EnvironmentFault.exit_code


def _run(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    try:
        result = typer.main.get_command(app).main(arguments, prog_name=PROGRAM, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except TyperException as error:
        _say(_usage_sentences(error))
        return 2
    except TuneDMLError as error:
        _trace(debug)
        _say(str(error))
        return error.exit_code
    except typer.Abort:
        return _INTERRUPTED
    except OSError as error:
        _trace(debug)
        where = f" ({error.filename})" if error.filename else ""
        _say(f"The operating system refused: {error.strerror or first_line(error)}{where}.{_more(debug)}")
        return 3
    except Exception as error:
        _trace(debug)
        text = " ".join(f"{type(error).__name__}: {error}".split())
        _say(f"An internal error: {text.removesuffix('.')}.{_more(debug)}")
        return 1


def _more(debug: bool) -> str:
    return "" if debug else " Run again with --debug to see where it happened."


def _trace(debug: bool) -> None:
    if debug:
        traceback.print_exc()


def _say(text: str) -> None:
    """Plain text on stderr. Control characters, which may come out of a file, are shown and not obeyed."""
    print(printable(text.strip()), file=sys.stderr)


def _usage_sentences(error: TyperException) -> str:
    """What the argument parser found, as sentences of ours."""
    context: Any = getattr(error, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    text = error.format_message()
    if hasattr(error, "possibilities"):
        option = str(getattr(error, "option_name", ""))
        hint = nearest(option, _options(context)) if context is not None else ""
        text = f"There is no option {option}" + (f": {hint}" if hint.startswith("did you mean") else ".")
    elif getattr(error, "param", None) is not None and "alid " in text:
        # The type's own words are a library's; the types are but two.
        option = error.param.opts[0]  # type: ignore[attr-defined]
        text = f"{option} must be a {'whole number' if 'integer' in text else 'number'}."
    text = text if text.endswith((".", "?", "!")) else text + "."
    return f"{text} '{command} --help' lists what it takes."


def _options(context: Any) -> Iterable[str]:
    return [name for parameter in context.command.params for name in parameter.opts if name.startswith("-")]
