"""Makes the code that runs in Ray's workers count: on the path only while coverage is measured.

Coverage starts in every process by itself, and saves when a process ends. Ray ends its workers from C++, past all of
Python's ways to be told, so theirs is saved while they run.
"""

import sys
import threading
import time

SECONDS_BETWEEN = 0.5


def save_while_running() -> None:
    from coverage import Coverage

    while True:
        time.sleep(SECONDS_BETWEEN)
        measured = Coverage.current()
        if measured is not None:
            measured.save()


if any(argument.endswith("default_worker.py") for argument in sys.orig_argv):
    threading.Thread(target=save_while_running, name="coverage-saver", daemon=True).start()
