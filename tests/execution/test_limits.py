"""Limits of containers, from made-up trees of ``proc`` and ``sys``; and from a real group where a test may make one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tune_dml.execution.limits import limits, memory_for_ray

NO_LIMIT = "9223372036854771712"
V2 = "31 23 0:28 {top} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "32 31 0:29 {top} /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 {top} /sys/fs/cgroup/memory rw,relatime shared:6 - cgroup cgroup rw,memory\n"
)
HYBRID = V1 + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:7 - cgroup2 cgroup2 rw\n"
ODD_PLACE = "31 23 0:28 / /my\\040groups rw - cgroup2 none rw\n31 23 0:3 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
EVERYWHERE = V2.format(top="/") + "44 23 0:28 /other.slice /mnt rw - cgroup2 cgroup2 rw\n"
CPU, MEMORY = "sys/fs/cgroup/cpu,cpuacct", "sys/fs/cgroup/memory"
NOTHING = "8 cores, 31 GB"

#: What the group of the process is called, what is mounted, files below the root, and what is said.
TREES: dict[str, tuple[str | None, str | None, dict[str, str], str]] = {
    "Docker, version 2": (
        "0::/",
        V2.format(top="/"),
        {"sys/fs/cgroup/cpu.max": "150000 100000", "sys/fs/cgroup/memory.max": "2000000000"},
        "1.5 of 8 cores, 2.0 of 31 GB (cgroup v2)",
    ),
    "no limit, version 2": (
        "0::/a.slice/b",
        V2.format(top="/"),
        {"sys/fs/cgroup/a.slice/b/cpu.max": "max 100000", "sys/fs/cgroup/a.slice/b/memory.max": "max"},
        NOTHING,
    ),
    "the smallest on the way up": (
        "0::/user.slice/job/step",
        V2.format(top="/"),
        {
            "sys/fs/cgroup/user.slice/cpu.max": "600000 100000",
            "sys/fs/cgroup/user.slice/memory.max": "8000000000",
            "sys/fs/cgroup/user.slice/job/cpu.max": "200000 100000",
            "sys/fs/cgroup/user.slice/job/memory.max": "4000000000",
            "sys/fs/cgroup/user.slice/job/step/cpu.max": "max 100000",
            "sys/fs/cgroup/user.slice/job/step/memory.max": "12000000000",
            "sys/fs/cgroup/other.slice/cpu.max": "1000 100000",
        },
        "2 of 8 cores, 4.0 of 31 GB (cgroup v2)",
    ),
    "only memory is limited": (
        "0::/",
        V2.format(top="/"),
        {"sys/fs/cgroup/memory.max": "3000000000", "sys/fs/cgroup/cpu.max": "max"},
        "8 cores, 3.0 of 31 GB (cgroup v2)",
    ),
    "a slice that is slowed down": (
        "0::/",
        V2.format(top="/"),
        {"sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/memory.high": "5000000000"},
        "8 cores, 5.0 of 31 GB (cgroup v2)",
    ),
    "more than the machine has": (
        "0::/",
        V2.format(top="/"),
        {"sys/fs/cgroup/cpu.max": "6400000 100000", "sys/fs/cgroup/memory.max": "640000000000"},
        NOTHING,
    ),
    "a tenth of a core": ("0::/", V2.format(top="/"), {"sys/fs/cgroup/cpu.max": "5000 50000"}, "0.1 of 8 cores, 31 GB"),
    "Docker, version 1": (
        "9:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc",
        V1.format(top="/docker/abc"),
        {
            f"{CPU}/cpu.cfs_quota_us": "50000",
            f"{CPU}/cpu.cfs_period_us": "100000",
            f"{MEMORY}/memory.limit_in_bytes": "1500000000",
        },
        "0.5 of 8 cores, 1.5 of 31 GB (cgroup v1)",
    ),
    "no limit, version 1": (
        "9:cpu,cpuacct:/\n4:memory:/",
        V1.format(top="/"),
        {
            f"{CPU}/cpu.cfs_quota_us": "-1",
            f"{CPU}/cpu.cfs_period_us": "100000",
            f"{MEMORY}/memory.limit_in_bytes": NO_LIMIT,
        },
        NOTHING,
    ),
    "Slurm, version 1": (
        "9:cpu,cpuacct:/slurm/uid_7/job_3/step_0\n4:memory:/slurm/uid_7/job_3/step_0",
        V1.format(top="/"),
        {
            f"{CPU}/slurm/uid_7/job_3/cpu.cfs_quota_us": "300000",
            f"{CPU}/slurm/uid_7/job_3/cpu.cfs_period_us": "100000",
            f"{MEMORY}/slurm/uid_7/job_3/memory.limit_in_bytes": "6000000000",
            f"{MEMORY}/slurm/uid_7/job_3/step_0/memory.limit_in_bytes": NO_LIMIT,
        },
        "3 of 8 cores, 6.0 of 31 GB (cgroup v1)",
    ),
    "a limit above what a container sees": (
        "4:memory:/pod/one",
        V1.format(top="/pod/one"),
        {
            f"{MEMORY}/memory.limit_in_bytes": NO_LIMIT,
            f"{MEMORY}/memory.stat": "cache 1\nhierarchical_memory_limit 2500000000\nhierarchical_memsw_limit 1\n",
        },
        "8 cores, 2.5 of 31 GB (cgroup v1)",
    ),
    "both versions": (
        "4:memory:/job\n3:cpu,cpuacct:/\n0::/job",
        HYBRID.format(top="/"),
        {
            f"{MEMORY}/job/memory.limit_in_bytes": "4000000000",
            "sys/fs/cgroup/unified/job/cpu.max": "250000 100000",
        },
        "2.5 of 8 cores, 4.0 of 31 GB (cgroup v1, cgroup v2)",
    ),
    "a process moved out of its namespace": (
        "0::/../..",
        V2.format(top="/"),
        {"sys/fs/cgroup/cpu.max": "200000 100000"},
        "2 of 8 cores, 31 GB (cgroup v2)",
    ),
    "a namespace in an older mount": (
        "0::/",
        V2.format(top="/../.."),
        {
            "sys/fs/cgroup/a/one/cpu.max": "100000 100000",
            "sys/fs/cgroup/a/one/cgroup.procs": "1\n2\n",
            "sys/fs/cgroup/a/two/cpu.max": "400000 100000",
            "sys/fs/cgroup/a/two/cgroup.procs": f"1\n{os.getpid()}\n",
            "sys/fs/cgroup/a/memory.max": "7000000000",
        },
        "4 of 8 cores, 7.0 of 31 GB (cgroup v2)",
    ),
    "a group that is not mounted": (
        "0::/lxc/box",
        V2.format(top="/"),
        {"sys/fs/cgroup/memory.max": "2000000000"},
        "8 cores, 2.0 of 31 GB (cgroup v2)",
    ),
    "somebody else's group is mounted too": (
        "0::/mine",
        EVERYWHERE,
        {"mnt/cpu.max": "10000 100000", "sys/fs/cgroup/mine/cpu.max": "700000 100000"},
        "7 of 8 cores, 31 GB (cgroup v2)",
    ),
    "a place of its own": (
        "0::/x",
        ODD_PLACE,
        {"my groups/x/cpu.max": "300000 100000"},
        "3 of 8 cores, 31 GB (cgroup v2)",
    ),
    "no word about mounts, version 2": (
        None,
        None,
        {"sys/fs/cgroup/memory.max": "2000000000"},
        "8 cores, 2.0 of 31 GB (cgroup v2)",
    ),
    "no word about mounts, version 1": (
        None,
        None,
        {f"{MEMORY}/memory.limit_in_bytes": "2000000000"},
        "8 cores, 2.0 of 31 GB (cgroup v1)",
    ),
    "nonsense": (
        "nonsense\n0:\n",
        "1 2\n - cgroup2\n" + V2.format(top="/"),
        {"sys/fs/cgroup/cpu.max": "fast", "sys/fs/cgroup/memory.max": "", "sys/fs/cgroup/memory.stat": "\x00\xff"},
        NOTHING,
    ),
    "no groups at all": (None, None, {}, NOTHING),
}  # fmt: skip


def tree(root: Path, group: str | None, mounts: str | None, files: dict[str, str], kilobytes: int = 30_273_438) -> Path:
    texts = {"proc/self/cgroup": group, "proc/self/mountinfo": mounts, **files}
    texts["proc/meminfo"] = f"MemTotal:       {kilobytes} kB\nMemFree:        1 kB\n"
    for name, text in texts.items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text + "\n")
    return root


@pytest.mark.parametrize("name", TREES)
def test_limits_of_made_up_systems(tmp_path: Path, name: str) -> None:
    group, mounts, files, says = TREES[name]
    own = limits(tree(tmp_path, group, mounts, files), cores=8, allowed=8)
    assert str(own).startswith(says)
    assert bool(own.by) == (says != NOTHING)


def test_affinity_is_a_limit(tmp_path: Path) -> None:
    quota = {"sys/fs/cgroup/cpu.max": "300000 100000"}
    root = tree(tmp_path, "0::/", V2.format(top="/"), quota)
    assert str(limits(root, cores=8, allowed=2)) == "2 of 8 cores, 31 GB (CPU affinity)"
    assert str(limits(root, cores=8, allowed=4)) == "3 of 8 cores, 31 GB (cgroup v2)"


def test_ray_is_told_of_limited_memory_alone(tmp_path: Path) -> None:
    root = tree(tmp_path, None, None, {})
    assert memory_for_ray(limits(root)) == {}
    (root / "sys/fs/cgroup").mkdir(parents=True)
    (root / "sys/fs/cgroup/memory.max").write_text("2000000000\n")
    assert memory_for_ray(limits(root)) == {"object_store_memory": 600_000_000, "_memory": 1_400_000_000}


@pytest.fixture
def real_group() -> Iterator[Path]:
    """A group of version 1 with a group in it, limited from above."""
    folder = Path(f"/sys/fs/cgroup/memory/tune-dml-{os.getpid()}")
    try:
        (folder / "inner").mkdir(parents=True)
        (folder / "memory.limit_in_bytes").write_text("2000003072")
    except OSError:
        pytest.skip("no groups can be made here")
    yield folder / "inner"
    (folder / "inner").rmdir()
    folder.rmdir()


@pytest.mark.parametrize("namespace", [[], ["unshare", "-C"]], ids=["", "in a namespace"])
def test_limits_of_a_real_group(real_group: Path, namespace: list[str]) -> None:
    code = "from tune_dml.execution.limits import limits; print(limits())"
    enter = f'echo $$ > "{real_group}/cgroup.procs" && exec "$@"'
    command = ["sh", "-c", enter, "sh", *namespace, sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ", 2.0 of " in ended.stdout
    assert ended.stdout.endswith("GB (cgroup v1)\n")
