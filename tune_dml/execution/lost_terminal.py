"""A terminal, or another reader, that is gone while a search runs."""

from __future__ import annotations

import os
import select
import sys


def let_go_of_lost_terminal() -> None:
    """Have what would be printed to a terminal that has closed, or into a pipe that nobody reads any more, go nowhere:
    each attempt would fail, and there are results to be saved."""
    for descriptor in (1, 2):
        if _is_lost(descriptor):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


def _is_lost(descriptor: int) -> bool:
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    try:
        states = [state for _, state in poll.poll(0)]
    except OSError:
        return False
    gone = select.POLLERR | (select.POLLHUP if sys.platform == "linux" else 0)
    return any(state & gone for state in states)
