"""Who may talk to Ray: whoever has its token."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from tune_dml.errors import EnvironmentFault

#: Ray's own names.
_MODE, _TOKEN, _PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
#: What a cluster that turns this machine away may be waiting for.
ASK_FOR_TOKEN = (
    "A cluster that asks for a token lets nobody in without: copy ~/.ray/auth_token from its head to the same place "
    "here (or name the copy in RAY_AUTH_TOKEN_PATH), and set RAY_AUTH_MODE=token."
)
_own: str | None = None


def own_token(address: str | None) -> None:
    """Before Ray starts on this machine (``address`` is ``None``): give it a token that only this process and its
    workers know, since it listens on all network interfaces. Not where the user has set ``RAY_AUTH_MODE``, and not
    where Ray was imported before: it reads that variable once, then.

    A cluster has tokens or not, and this process must be told the same by that variable.

    Raises:
        EnvironmentFault: this process has had such a session, and shall join a cluster for which it has no token.
    """
    global _own
    if address is None and (_own is not None or (_MODE not in os.environ and "ray" not in sys.modules)):
        _own = _own or secrets.token_hex(32)
        os.environ[_MODE], os.environ[_TOKEN] = "token", _own
        _look_again()
    elif address is not None and _own is not None:
        # Not Path.home(), which fails where there is no HOME.
        if not Path(os.environ.get(_PATH) or os.path.expanduser("~/.ray/auth_token")).is_file():
            raise EnvironmentFault(
                f"This process has used Ray on this machine, with a token; to join {address}, start another one."
            )
        os.environ.pop(_TOKEN, None)
        _look_again()


def _look_again() -> None:
    # Ray looks for a token once per process.
    from ray._raylet import AuthenticationTokenLoader  # type: ignore[attr-defined]

    AuthenticationTokenLoader.instance().reset_cache()
