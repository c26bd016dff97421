"""Signals that end a search, without one."""

import os
import subprocess
import sys
import threading
import time

import pytest

from tune_dml.execution import Stop, done_or_left

HEAD = """
import os, signal, sys, time
from tune_dml.execution import ending_like_ctrl_c, interrupts, let_go_of_lost_terminal

def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)
        time.sleep(0.05)

"""


def run(code):
    # As in a terminal: a test run in the background, or by nohup, hands down what is ignored there.
    usual = "signal.signal(signal.SIGINT, signal.default_int_handler)\nsignal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    code = HEAD + usual + code
    # Coverage has a handler of its own in every process that it measures.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment)


@pytest.mark.parametrize("signals", ["SIGTERM", "SIGHUP", "SIGTERM, signal.SIGTERM", "SIGTERM, signal.SIGHUP"])
def test_term_and_hang_up_mean_ctrl_c_and_do_so_however_often_they_come(signals):
    ended = run(f"""
with interrupts(lambda: print("stopping")) as stop:
    send(signal.{signals})
    print(stop.is_set(), stop.left(60) < 10)
""")
    assert (ended.returncode, ended.stdout.split()) == (0, ["stopping", "True", "True"]), ended.stderr


def test_what_is_ignored_stays_ignored():
    ended = run("""
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with ending_like_ctrl_c(), interrupts(lambda: None) as stop:
    send(signal.SIGHUP)
    print(stop.is_set())
""")
    assert ended.stdout.split() == ["False"], ended.stderr


def test_one_press_that_arrives_twice_is_one_and_another_one_ends_the_block():
    ended = run("""
try:
    with interrupts(lambda: print("stopping")) as stop:
        send(signal.SIGINT, signal.SIGINT)
        print(stop.left(60))
        time.sleep(0.6)
        send(signal.SIGINT)
except KeyboardInterrupt:
    print("lives")
""")
    assert (ended.returncode, ended.stdout.split()) == (0, ["stopping", "60", "lives"]), ended.stderr


def test_a_second_ctrl_c_ends_a_command_at_once():
    ended = run("""
with interrupts(lambda: None, exits=True) as stop:
    print("said")
    send(signal.SIGINT)
    time.sleep(0.6)
    send(signal.SIGINT)
""")
    assert (ended.returncode, ended.stdout.split()) == (130, ["said"]), ended.stderr


def test_a_handler_of_the_caller_s_is_told_too():
    ended = run("""
signal.signal(signal.SIGTERM, lambda number, frame: print("told"))
with ending_like_ctrl_c(), interrupts(lambda: None) as stop:
    send(signal.SIGTERM)
    print(stop.is_set())
""")
    assert ended.stdout.split() == ["told", "True"], ended.stderr


def test_before_there_is_anything_to_save_term_is_ctrl_c():
    ended = run("""
try:
    with ending_like_ctrl_c():
        send(signal.SIGTERM)
except KeyboardInterrupt:
    print("tidied up")
""")
    assert ended.stdout.split() == ["tidied", "up"], ended.stderr


def test_a_terminal_that_has_closed_takes_what_is_printed():
    ended = run("""
ours, its = os.openpty()
os.dup2(its, 1)
os.close(its)
os.close(ours)
let_go_of_lost_terminal()
print("nobody reads this", flush=True)
print("done", file=sys.stderr)
""")
    assert (ended.returncode, ended.stderr.split()) == (0, ["done"])


def test_work_that_does_not_end_is_left_and_what_fails_fails():
    stop, never = Stop(), threading.Event()
    threading.Timer(0.2, stop.set).start()
    begun = time.monotonic()
    assert not done_or_left(lambda: never.wait(60) and None, stop, patience=0.3)
    assert time.monotonic() - begun < 10
    never.set()
    done = []
    assert done_or_left(lambda: done.append(1), Stop(), patience=60)
    assert done == [1]
    with pytest.raises(ZeroDivisionError):
        done_or_left(lambda: 1 / 0 and None, Stop(), patience=60)


def test_a_ray_that_is_gone_is_no_error_once_the_search_is_to_stop():
    def lost():
        raise ConnectionError("the head is gone")

    stop = Stop()
    with pytest.raises(ConnectionError):
        done_or_left(lost, stop, patience=60)
    stop.set()
    assert not done_or_left(lost, stop, patience=60)


@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_comes_while_ray_starts_ends_that_at_once(number):
    """Ray would end the process by a handler of its own, if any thread were reached by it."""
    ended = run(f"""
from tune_dml.execution.processes import starting

begun = time.monotonic()
try:
    with ending_like_ctrl_c(), starting():
        os.kill(os.getpid(), signal.{number})
        for _ in range(500):
            time.sleep(0.02)
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - begun < 5)
signal.signal(signal.{number}, lambda *_: print("the caller's"))
with starting():
    os.kill(os.getpid(), signal.{number})
    time.sleep(0.5)
    print("goes on")
""")
    assert ended.stdout.split("\n")[:-1] == ["interrupted True", "the caller's", "goes on"], ended.stderr
