import os
import subprocess
import sys
import threading
import time

import pytest

from tune_dml.errors import EnvironmentFault, UsageError
from tune_dml.execution import ray_session, start_ray, stop_ray
from tune_dml.execution.slow_start import Patience


def test_workers_import_in_good_time_and_a_block_ends_the_session():
    import ray

    start_ray(None, cpus=1, gpus=0, preload=["this_is_no_module", "colorsys"], meanwhile=["neither_is_this", "imghdr"])
    try:
        # A lambda travels by value: workers cannot import this file.
        imported = ray.remote(num_cpus=1)(lambda name: name in sys.modules)
        assert "RAY_preload_python_modules" not in os.environ
        assert ray.get([imported.remote(name) for name in ("colorsys", "imghdr")]) == [True, False]
        with ray_session(None, cpus=1, gpus=0):
            assert ray.is_initialized()
        assert not ray.is_initialized()
    finally:
        stop_ray()


def test_a_session_of_the_user_is_used_and_left_alone():
    import ray

    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        with ray_session(None, cpus=1, gpus=0):
            assert ray.is_initialized()
        assert ray.is_initialized()
    finally:
        ray.shutdown()


def test_a_cluster_that_is_not_there():
    with pytest.raises(EnvironmentFault, match=r"Ray cannot be reached at 127\.0\.0\.1:1"):
        start_ray("127.0.0.1:1", cpus=1, gpus=0)


#: Puts references into garbage for as long as Ray shuts down, and allocates so much that Python would collect it.
LITTERING = """
import threading, time
from tune_dml.execution import start_ray, stop_ray

start_ray(None, cpus=1, gpus=0)
import ray
from ray._private.worker import global_worker

references = [ray.put(0) for _ in range(200)]

def litter():
    while global_worker.connected:
        time.sleep(0.0001)
    while references:
        cycle = [references.pop()]
        cycle.append(cycle)
        del cycle
        [[] for _ in range(2000)]
        time.sleep(0.0001)

thread = threading.Thread(target=litter)
thread.start()
stop_ray()
thread.join()
print("lives")
"""


def test_another_thread_s_garbage_does_not_end_the_process_while_ray_shuts_down():
    ended = subprocess.run([sys.executable, "-c", LITTERING], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (0, "lives\n"), ended.stderr


#: A session of its own; then a stranger, and a child that inherits the token, try to get in.
CLOSED = """
import os, subprocess, sys
from tune_dml.errors import EnvironmentFault
from tune_dml.execution import start_ray, stop_ray

start_ray(None, cpus=1, gpus=0)
import ray

address = ray.get_runtime_context().gcs_address
stranger = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
for environment in (stranger, dict(os.environ)):
    command = [sys.executable, "-c", f"import ray; ray.init('{address}', log_to_driver=False); print('in')"]
    print("in" in subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stdout.split())
stop_ray()
try:
    start_ray("127.0.0.1:1", cpus=1, gpus=0)
except EnvironmentFault as fault:
    print(fault)
start_ray(None, cpus=1, gpus=0)
stop_ray()
"""


@pytest.mark.long
def test_nobody_without_the_token_gets_into_a_session_of_this_machine(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment["HOME"] = str(tmp_path)
    command = [sys.executable, "-c", CLOSED]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180)
    assert ended.returncode == 0, ended.stderr
    stranger, child, why = ended.stdout.splitlines()
    assert (stranger, child) == ("False", "True")
    assert why.startswith("This process has used Ray on this machine, with a token; to join 127.0.0.1:1")


def test_a_start_that_fails_ends_in_a_sentence_whatever_ray_raises(monkeypatch):
    import ray

    for error in (Exception(), SystemError("\nwhy\nmore"), AttributeError("no")):

        def fail(error=error, **options):
            raise error

        monkeypatch.setattr(ray, "init", fail)
        with pytest.raises(EnvironmentFault, match=r"^Ray cannot be started on this machine: .*tune-dml doctor"):
            start_ray(None, cpus=1, gpus=0)
    assert "RAY_preload_python_modules" not in os.environ


def test_a_machine_without_a_network_of_its_own_is_named_at_once(tmp_path):
    alone = ["unshare", "--net", sys.executable, "-c"]
    if subprocess.run([*alone, ""], capture_output=True).returncode:
        pytest.skip("only root may take the network away")
    begun = time.monotonic()
    code = "from tune_dml.execution import start_ray; start_ray(None, cpus=1, gpus=0)"
    ended = subprocess.run([*alone, code], capture_output=True, text=True, timeout=180)
    assert "Ray cannot be started on this machine: its processes cannot reach one another" in ended.stderr
    assert time.monotonic() - begun < 60


def test_a_slow_start_says_where_to_look():
    said = []
    patience = Patience(said.append, first=0.05)
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        patience.look("Ray has not started", "; its logs are in /there")
        time.sleep(0.01)
    assert 1 <= len(said) <= 3
    assert said[0] == "Ray has not started for 0 s; its logs are in /there."


def test_threads_share_a_session_and_one_that_wants_another_is_refused():
    import ray

    refused, waiting, over = [], threading.Event(), threading.Event()

    def other_search():
        start_ray(None, cpus=1, gpus=0)
        for elsewhere in ({"address": "127.0.0.1:1", "gpus": 0}, {"address": None, "gpus": 1}):
            thread = threading.Thread(target=third_search, kwargs=elsewhere)
            thread.start()
            thread.join()
        waiting.set()
        over.wait(60)
        stop_ray()

    def third_search(address, gpus):
        try:
            start_ray(address, cpus=1, gpus=gpus)
        except UsageError as error:
            refused.append(str(error))

    # It ends before the session that it has started does.
    thread = threading.Thread(target=other_search)
    thread.start()
    assert waiting.wait(60)
    start_ray(None, cpus=1, gpus=0)
    over.set()
    thread.join()
    answer = ray.remote(num_cpus=1)(lambda: "lives")
    assert ray.get(answer.remote(), timeout=60) == "lives"
    stop_ray()
    assert not ray.is_initialized()
    assert [text.startswith("Another search of this process") for text in refused] == [True, True]
