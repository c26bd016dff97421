"""docs/cluster.md, followed to the letter on three hosts; then a search there that loses a host, its driver and MLflow.

``make cluster-test``; needs root.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from network import Host, Network, missing

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "workflows"))
from evidence import check_mlflow, finished_in  # noqa: E402

from tune_dml.config import State  # noqa: E402
from tune_dml.tuning.journal import Journal  # noqa: E402

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
#: What this machine's environment must not tell the user's commands.
OURS = ("RAY_", "PYTHON", "MLFLOW_", "OMP_", "VIRTUAL_ENV", "MAKE", "MFLAGS")
TRIALS = 16
#: As Ray calls a worker that has a trial.
TRIAL_PROCESS = "ray::ImplicitFunc"
SPACE = """
loss: {choices: [ce, supcon, softtriple]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
epochs: 100
max_length: 24
beta: {float: [0.1, 0.9], when: {loss: [supcon, softtriple]}}
"""
MLFLOW = (
    "(cd /mnt/shared && exec ~/tune-dml/venv/bin/python -m mlflow server --host {host} --port 5000 --workers 1 "
    "--backend-store-uri sqlite:////mnt/shared/results/mlflow.db --artifacts-destination /mnt/shared/served"
    ") > /mnt/shared/mlflow.log 2>&1 < /dev/null &"
)


def commands() -> list[str]:
    """The first part of the page, block by block."""
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    [part] = re.findall(r"\n## Machines of your own, step by step\n(.*?)\n## ", page, re.S)
    return re.findall(r"```sh\n(.*?)```", part, re.S)


class Laptop:
    """Where the user sits: a copy of the checkout, and a shell that keeps its environment from block to block."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.home = folder / "checkout", folder / "home"
        self.home.mkdir(parents=True)
        tracked = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for name in filter(None, tracked.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
                # With its time: make asks which is newer.
                shutil.copy2(ROOT / name, self.checkout / name)
        self.libraries = _environment(self.checkout / ".venv")
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)} | {"HOME": str(self.home)}

    def do(self, commands: str, timeout: float = 400, check: bool = True) -> str:
        """Run commands and give back what they print."""
        kept = self.home / "environment"
        script = f"set -e\ncd {self.checkout}\n{commands}\nenv -0 > {kept}\n"
        ended = subprocess.run(
            ["bash", "-c", script],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        assert not check or ended.returncode == 0, f"{commands}\n{ended.stdout[-6000:]}"
        if ended.returncode == 0:
            pairs = (line.partition("=") for line in kept.read_text().split("\0") if line)
            self._environment = {name: value for name, _, value in pairs}
        return ended.stdout


def _environment(folder: Path) -> Path:
    """An environment that finds the libraries of this one, so that they are not downloaded again, and its own packages'
    folder."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    [packages] = folder.glob("lib/python3.*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    script = (Path(sysconfig.get_path("scripts")) / "ray").read_text().partition("\n")[2]
    (packages / "ray-command").write_text(f"#!\n{script}")
    (folder / "bin" / "ray").write_text(f"#!{folder}/bin/python\n{script}")
    (folder / "bin" / "ray").chmod(0o755)
    return packages


@pytest.fixture(scope="module")
def network(laptop: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    # As Ctrl-C does: what was made is taken away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    network = Network(tmp_path_factory.mktemp("hosts"), [Path(sysconfig.get_path("purelib")), laptop.libraries])
    try:
        for _ in range(3):
            ready(network.add_host())
        write_addresses(laptop, network, workers=network.hosts[1:])
        yield network
    finally:
        network.close()


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    why = missing()
    if why:
        pytest.fail(why)
    return Laptop(tmp_path_factory.mktemp("laptop"))


def ready(host: Host) -> None:
    """Spare a host the download of what this machine has: its environment finds the libraries of this one's."""
    host.ssh(
        "python3 -m venv ~/tune-dml/venv && cd ~/tune-dml/venv && bin/pip uninstall -qy setuptools && "
        "ls -d /mnt/libraries-* > $(echo lib/python3.*/site-packages)/libraries.pth && "
        "sed 1s,.*,#!$PWD/bin/python, /mnt/libraries-2/ray-command > bin/ray && chmod +x bin/ray"
    )


def write_addresses(laptop: Laptop, network: Network, workers: list[Host]) -> None:
    """What docs/cluster.md asks the user to write into ``deploy/local.yaml``; and one CPU a machine, or two cores would
    have to be three machines' six."""
    path = laptop.checkout / "deploy" / "local.yaml"
    config = yaml.safe_load((ROOT / "deploy" / "local.yaml").read_text(encoding="utf-8"))
    config["provider"] |= {"head_ip": network.hosts[0].address, "worker_ips": [host.address for host in workers]}
    config["auth"] = {"ssh_user": "root", "ssh_private_key": str(network.key)}
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        config[key] = [line.replace("ray start ", "ray start --num-cpus=1 ") for line in config[key]]
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


def wait(what: str, there: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, f"{what}: not in {seconds:.0f} s"
        time.sleep(1)


def test_the_page_as_it_stands(network: Network, laptop: Laptop) -> None:
    said: dict[str, str] = {}
    for block in commands():
        if block.startswith("ray down"):
            continue
        said[block] = laptop.do(block)
        if block.endswith("ray up -y deploy/local.yaml\n"):
            wait("three machines", lambda: alive(network.hosts[0]) == 3)
    for block, output in said.items():
        print(f"$ {block}{output}\n")
    text = "\n".join(said.values())
    assert "3 nodes: the same Python and packages everywhere" in text
    assert "room for 3 trials" in text
    folder = laptop.checkout / "tune-dml-results" / "searches" / "first"
    assert (folder / "model").is_dir()
    assert (laptop.checkout / "tune-dml-results" / "mlflow.db").is_file()
    assert len(Journal(folder, write=False).records()) == 4


def alive(host: Host) -> int:
    """How many machines the head knows."""
    script = (
        "import ray; ray.init('auto', log_to_driver=False, logging_level='ERROR'); "
        "print('alive', sum(n['Alive'] for n in ray.nodes()))"
    )
    found = re.search(r"alive (\d+)", host.ssh(f'~/tune-dml/venv/bin/python -c "{script}" || true').stdout)
    return int(found[1]) if found else 0


def test_nothing_is_lost_and_nothing_doubled(network: Network, laptop: Laptop) -> None:
    head, second, third = network.hosts
    results = network.shared / "results"
    folder, uri = results / "searches" / "hard", f"http://{head.address}:5000"
    results.mkdir()
    (laptop.checkout / "tiny.yaml").write_text(SPACE)

    def mlflow(action: str) -> None:
        if action == "stop":
            head.ssh("pkill -9 -f '[m]lflow' || true")
            return
        head.ssh(MLFLOW.format(host=head.address))
        wait("MLflow", lambda: head.ssh(f"curl -sf {uri}/health || true").stdout.strip().endswith("OK"), 90)

    def journal() -> str:
        path = folder / "study.log"
        return path.read_text(errors="replace") if path.exists() else ""

    mlflow("start")
    search = "search --task bbc --encoder bert-tiny --shots 50 --confirm-seeds 2 --space tiny.yaml"
    where = "--results /mnt/shared/results"
    options = f"--trials {TRIALS} --name hard --tracking-uri {uri}"
    laptop.do(f"tune-dml submit deploy/local.yaml --no-follow -- {search} {options} {where}")
    wait("a first round", lambda: "round:1" in journal())
    third.link("down")
    mlflow("stop")
    wait("what was lost", lambda: sum(Journal(folder, write=False).lost_workers().values()) > 0)
    head.ssh("pkill -9 -f '[t]une-dml search'")
    before = finished_in(journal())
    assert before < TRIALS + 2
    mlflow("start")
    added = network.add_host()
    ready(added)
    # The search goes on from another machine than before, and meanwhile there is one more.
    with ThreadPoolExecutor() as pool:
        resuming = pool.submit(second.ssh, f"tune-dml resume hard {where} --json 2> /mnt/shared/said", timeout=400)
        write_addresses(laptop, network, workers=network.hosts[1:])
        laptop.do("ray up -y --no-restart deploy/local.yaml")
        wait("trials on the added machine", lambda: TRIAL_PROCESS in added.ssh("ps ax").stdout)
        resumed = resuming.result().stdout
    document = json.loads(resumed[resumed.index("{\n") :])
    assert alive(head) == 3
    assert document["lost_workers"] >= 1
    records = Journal(folder, write=False)
    trials, baselines = records.records(), records.records("baseline")
    assert [r.number for r in trials] == list(range(TRIALS))
    assert {r.state for r in trials + baselines} <= {State.COMPLETE, State.PRUNED}
    assert set(Counter((run.candidate, run.seed) for run in records.confirm_runs()).values()) == {1}
    check_mlflow(results, trials + baselines)
    print(f"ended before the driver was killed: {before}; lost workers: {document['lost_by_cause']}")


def test_down(network: Network, laptop: Laptop) -> None:
    laptop.do(commands()[-1])
    for host in (network.hosts[0], network.hosts[1], network.hosts[3]):
        wait(f"Ray's end on {host.name}", lambda host=host: "raylet" not in host.ssh("ps ax").stdout, 120)
        assert "gcs_server" not in host.ssh("ps ax").stdout
