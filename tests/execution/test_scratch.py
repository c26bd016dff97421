"""Where Ray has its files, whatever the environment says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tune_dml.errors import EnvironmentFault
from tune_dml.execution.scratch import MOST_SOCKET_BYTES, remove_session, temporary_folder


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    for name in ("RAY_TMPDIR", "TMPDIR", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def short():
    """Short enough for sockets, which pytest's folders are not."""
    folder = Path("/tmp", f"t{os.getpid()}")
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-r", str(folder)], check=True)


def longest_socket(folder):
    return len(os.fsencode(folder / "session_2026-01-01_00-00-00_000000_4194304" / "sockets/plasma_store"))


def check_private(scratch):
    assert scratch.private
    assert longest_socket(scratch.folder) <= MOST_SOCKET_BYTES
    about = scratch.folder.stat()
    assert (about.st_uid, about.st_mode & 0o777) == (os.getuid(), 0o700)
    remove_session(scratch.folder, None)


def test_what_ray_would_take_is_taken_where_it_will_do(short, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(short))
    scratch = temporary_folder()
    assert (scratch.folder, scratch.private) == (short / "ray", False)
    assert list(short.iterdir()) == []


@pytest.mark.parametrize("why", ["too long", "missing", "no folder", "relative", "cannot be written"])
def test_another_folder_is_taken_where_the_usual_one_will_not_do(why, tmp_path, monkeypatch):
    places = {
        "too long": tmp_path / ("long" * 20),
        "missing": tmp_path / "missing",
        "no folder": tmp_path / "file",
        "relative": Path("relative"),
        "cannot be written": Path("/proc"),
    }
    places["too long"].mkdir()
    places["no folder"].write_text("")
    monkeypatch.setenv("TMPDIR", str(places[why]))
    check_private(temporary_folder())
    assert not places["missing"].exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a folder away")
def test_somebody_else_s_folders_are_left_to_them(short, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(short))
    (short / "ray").mkdir(mode=0o777)
    os.chown(short / "ray", 12345, 12345)
    monkeypatch.setattr("tune_dml.execution.scratch.PLACES", (str(short),))
    squatted = short / f"tune-dml-{os.getuid()}"
    squatted.mkdir()
    os.chown(squatted, 12345, 12345)
    scratch = temporary_folder()
    assert scratch.folder.parent == short
    check_private(scratch)
    assert squatted.is_dir()


def test_a_choice_of_the_user_s_is_respected_and_named_where_it_will_not_do(short, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", str(short / "mine"))
    assert temporary_folder().folder == short / "mine" / "ray"
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / ("long" * 20)))
    with pytest.raises(EnvironmentFault, match=r"^RAY_TMPDIR is .* bytes too long"):
        temporary_folder()
    monkeypatch.setenv("RAY_TMPDIR", "/proc/nowhere")
    with pytest.raises(EnvironmentFault, match=r"^RAY_TMPDIR is .*Name a folder with a short path"):
        temporary_folder()


def test_without_any_folder_the_sentence_names_the_variable(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/proc")
    monkeypatch.setattr("tune_dml.execution.scratch.PLACES", ("/proc",))
    with pytest.raises(EnvironmentFault, match=r"none of /proc will do.*RAY_TMPDIR="):
        temporary_folder()


#: Ray, in a process that ``uv run`` has started, with a TMPDIR too long for sockets; then a signal to all of Ray.
HOSTILE = """
import os, signal, sys
import psutil
# It reads its environment when it is imported.
import ray
from tune_dml.execution import start_ray, stop_ray

before = signal.getsignal(signal.SIGTERM)
start_ray(None, cpus=1, gpus=0)

class Worker:
    def about(self):
        return sys.executable, os.getcwd(), ray.get_runtime_context().runtime_env.to_dict()

worker = ray.remote(num_cpus=1)(Worker).remote()
print(ray.get(worker.about.remote(), timeout=120) == (sys.executable, os.getcwd(), {}))
processes = psutil.Process().children(recursive=True)
for number in (signal.SIGTERM, signal.SIGHUP):
    for process in processes:
        process.send_signal(number)
print(ray.get(worker.about.remote(), timeout=60)[0] == sys.executable)
print(signal.getsignal(signal.SIGTERM) is before)
stop_ray()
print([p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE])
"""


def test_ray_starts_under_uv_run_with_a_long_tmpdir_and_outlives_signals_to_all(tmp_path):
    folder = tmp_path / ("long" * 20)
    folder.mkdir()
    (folder / "hostile.py").write_text(HOSTILE)
    # What Ray looks for: an ancestor with this command line.
    (folder / "run").write_text(
        f"import subprocess, sys\nsys.exit(subprocess.call([{sys.executable!r}, 'hostile.py']))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    done = subprocess.run(
        ["uv", "run", "hostile.py"],
        executable=sys.executable,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout.splitlines() == ["True", "True", "True", "[]"], done.stdout + done.stderr
    assert not Path("/tmp", f"tune-dml-{os.getuid()}").exists()
