"""deploy/slurm.sh, run for real; Slurm, Ray and tune-dml are stand-ins on the PATH that write down their calls."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "slurm.sh"
JOB = "1234567"

# Runs the command as many times as it is asked for tasks.
SRUN = """
echo "srun $*" >> "$CALLS"
tasks=1
while [[ $1 == --* ]]; do
  [[ $1 == --ntasks=* ]] && tasks=${1#*=}
  shift
done
trap 'kill $(jobs -p); wait; exit 143' TERM
for ((task = 0; task < tasks; task++)); do "$@" & done
wait
"""
SCONTROL = 'for ((node = 1; node <= ${NODES:-1}; node++)); do echo "n$node"; done'
RAY = """
echo "ray $*" >> "$CALLS"
case $1 in
  start)
    [[ ${RAY_BROKEN:-} && $2 != --head ]] && exit 1
    stat -c %a "$RAY_AUTH_TOKEN_PATH" "$(dirname "$RAY_AUTH_TOKEN_PATH")" > "$FOLDER/modes"
    cp "$RAY_AUTH_TOKEN_PATH" "$FOLDER/token"
    env > "$FOLDER/environment"
    echo $$ >> "$FOLDER/pids"
    echo 1 >> "$FOLDER/nodes"
    exec sleep 60
    ;;
  status) while read -r _; do echo " 1 node_0123abcd"; done < "$FOLDER/nodes" ;;
esac
"""
TUNE_DML = """
echo "tune-dml $*" >> "$CALLS"
echo "$RAY_ADDRESS" > "$FOLDER/address"
[[ ${SLOW:-} ]] || exit "${STATUS:-0}"
trap 'echo stopped >> "$CALLS"; kill %1; exit 130' TERM
sleep 60 &
wait
"""


@dataclass(frozen=True)
class Job:
    """A Slurm job's folder and what was called in it."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(SCRIPT), *arguments],
            env=self.environment | more,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def calls(self, command: str) -> list[str]:
        lines = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(f"{command} ")]

    def journal(self, name: str, results: str = "tune-dml-results") -> None:
        search = self.folder / results / "searches" / name
        search.mkdir(parents=True)
        (search / "study.log").touch()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, body in {"srun": SRUN, "scontrol": SCONTROL, "ray": RAY, "tune-dml": TUNE_DML}.items():
        (bin_ / name).write_text(f"#!/bin/bash\n{body}", encoding="utf-8")
        (bin_ / name).chmod(stat.S_IRWXU)
    return Job(
        tmp_path,
        {
            "PATH": f"{bin_}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "CALLS": str(tmp_path / "calls"),
            "FOLDER": str(tmp_path),
            "HEAD_IP": "10.0.0.5",
            "SLURM_JOB_ID": JOB,
            "SLURM_JOB_NODELIST": "n[1-9]",
            "SLURM_SUBMIT_DIR": str(tmp_path),
            "SLURM_CPUS_PER_TASK": "4",
        },
    )


def ended(folder: Path) -> bool:
    """Whether none of the Rays runs any longer."""
    pids = (folder / "pids").read_text(encoding="utf-8").split()
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_script_is_valid() -> None:
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True)
    assert os.access(SCRIPT, os.X_OK)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say() -> None:
    result = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_slurm_reads_its_options() -> None:
    """Up to the first command; after it, they would be comments."""
    before = SCRIPT.read_text(encoding="utf-8").split("\nset -euo pipefail\n")[0].splitlines()
    assert before[0] == "#!/bin/bash"
    assert all(line.startswith("#") or not line for line in before)
    assert "#SBATCH --requeue" in before
    assert "#SBATCH --signal=B:TERM@300" in before


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_a_head_on_the_first_node_and_workers_on_the_others(job: Job, nodes: int) -> None:
    result = job.run("--task", "SST2", "--shots", "50", NODES=str(nodes))
    assert result.returncode == 0, result.stderr
    head, *workers = [call for call in job.calls("ray") if call.startswith("ray start")]
    assert "--head" in head
    assert "--include-dashboard=false" in head
    assert "--num-cpus=3" in head, "one is the search's"
    assert len(workers) == nodes - 1
    address = (job.folder / "address").read_text(encoding="utf-8").strip()
    assert address == "10.0.0.5:24567", "a port of the job's own"
    assert all(f"--address={address} --num-cpus=4" in worker for worker in workers)
    first, *others = job.calls("srun")
    assert "--nodelist=n1 " in first
    assert [f"--nodelist={','.join(f'n{n}' for n in range(2, nodes + 1))} " in other for other in others] == [True] * (
        nodes > 1
    )


def test_the_search_begins_when_all_nodes_are_there(job: Job) -> None:
    job.run("--task", "SST2", NODES="3")
    calls = (job.folder / "calls").read_text(encoding="utf-8").splitlines()
    assert calls[-1].startswith("tune-dml ")
    assert sum(call.startswith("ray start") for call in calls) == 3


def test_arguments_reach_the_search_as_they_are(job: Job) -> None:
    job.run("--task", "my texts", "--shots", "50", "--name", "two words")
    (call,) = job.calls("tune-dml")
    results = job.folder / "tune-dml-results"
    assert call == f"tune-dml search --task my texts --shots 50 --name two words --results {results} --address auto"


def test_a_search_without_a_name_gets_the_job_s(job: Job) -> None:
    job.run("--task", "SST2")
    assert f"--name slurm-{JOB}" in job.calls("tune-dml")[0]


@pytest.mark.parametrize("given", [("--name", "sst2"), ("--name=sst2",), ()])
def test_the_same_command_again_goes_on(job: Job, given: tuple[str, ...]) -> None:
    name = "sst2" if given else f"slurm-{JOB}"
    job.journal(name)
    assert job.run("--task", "SST2", *given).returncode == 0
    results = job.folder / "tune-dml-results"
    assert job.calls("tune-dml") == [f"tune-dml resume {name} --results {results} --address auto"]


@pytest.mark.parametrize("given", [("--results", "elsewhere"), ("--results=elsewhere",)])
def test_results_may_be_elsewhere(job: Job, given: tuple[str, ...]) -> None:
    job.journal("sst2", "elsewhere")
    job.run("--task", "SST2", "--name", "sst2", *given)
    assert job.calls("tune-dml") == [f"tune-dml resume sst2 --results {job.folder / 'elsewhere'} --address auto"]


def test_the_token_is_the_owner_s_alone_and_gone_afterwards(job: Job) -> None:
    result = job.run("--task", "SST2", NODES="2", RAY_AUTH_TOKEN="an old one")
    assert (job.folder / "modes").read_text(encoding="utf-8").split() == ["600", "700"]
    token = (job.folder / "token").read_text(encoding="utf-8")
    assert len(token) == 64
    environment = (job.folder / "environment").read_text(encoding="utf-8")
    assert "RAY_AUTH_MODE=token" in environment
    assert "RAY_AUTH_TOKEN=" not in environment
    for seen in (environment, (job.folder / "calls").read_text(encoding="utf-8"), result.stdout, result.stderr):
        assert token not in seen
    assert not list((job.folder / "tune-dml-results").iterdir())


@pytest.mark.parametrize("status", [0, 2, 3])
def test_ray_ends_with_the_search_and_its_exit_code_is_the_job_s(job: Job, status: int) -> None:
    assert job.run("--task", "SST2", NODES="3", STATUS=str(status)).returncode == status
    assert ended(job.folder)


def test_on_slurm_s_warning_the_search_stops_in_good_order(job: Job) -> None:
    with subprocess.Popen(
        ["bash", str(SCRIPT), "--task", "SST2"], env=job.environment | {"SLOW": "1"}, cwd=job.folder
    ) as script:
        deadline = time.monotonic() + 30
        while not (job.folder / "address").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.3)  # the stand-in sets its trap
        script.send_signal(signal.SIGTERM)
        assert script.wait(timeout=30) == 130
    assert (job.folder / "calls").read_text(encoding="utf-8").splitlines()[-1] == "stopped"
    assert ended(job.folder)


def test_nodes_that_do_not_come_up_are_a_fault_of_the_environment(job: Job) -> None:
    result = job.run("--task", "SST2", NODES="2", NODES_WITHIN="2", RAY_BROKEN="1")
    assert result.returncode == 3
    assert result.stderr.splitlines()[-1] == "Only 1 of 2 Ray nodes came up: see above for why."
    assert not job.calls("tune-dml")
    assert ended(job.folder)


@pytest.mark.parametrize("missing", ["ray", "tune-dml"])
def test_without_the_environment_it_says_what_to_do(job: Job, missing: str) -> None:
    (job.folder / "bin" / missing).unlink()
    result = job.run("--task", "SST2")
    assert result.returncode == 3
    assert result.stderr.startswith(f"{missing} is not on the PATH: activate the environment")


def test_outside_of_slurm_it_says_how_to_start_it(tmp_path: Path) -> None:
    result = subprocess.run(["bash", str(SCRIPT)], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert result.returncode != 0
    assert "sbatch deploy/slurm.sh --task SST2" in result.stderr
