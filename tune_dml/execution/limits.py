"""What this process may use of its machine.

In a container, a Slurm job or a systemd slice that is less than the machine has: control groups (cgroups) set quotas
that the machine's own figures do not show.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Where ``proc`` and ``sys`` are.
ROOT = Path("/")
_V2 = "cgroup v2"
_V1 = "cgroup v1"
#: Where groups are mounted nearly everywhere, for a system that does not say.
_USUAL = "sys/fs/cgroup"
#: Ray's object store: its usual share of the memory, the least that Ray takes, and what it refuses where /dev/shm is
#: smaller.
OBJECTS_SHARE, OBJECTS_LEAST, OBJECTS_MOST = 0.3, 80_000_000, 10_000_000_000


@dataclass(frozen=True)
class Limits:
    """What there is for this process, of what the machine has.

    Attributes:
        cores: CPU cores; a fraction where a quota sets one.
        memory: Bytes; 0 where it is not known.
        machine_cores, machine_memory: The machine's own.
        by: What sets limits below that: ``cgroup v1``, ``cgroup v2``, ``CPU affinity``; empty where nothing does.
    """

    cores: float
    memory: float
    machine_cores: int
    machine_memory: float
    by: tuple[str, ...] = ()

    @property
    def memory_is_limited(self) -> bool:
        """Whether there is less than the machine has."""
        return self.memory < self.machine_memory

    def __str__(self) -> str:
        """``1.5 of 8 cores, 2.0 of 31 GB (cgroup v2)``."""
        says = _of(f"{round(self.cores, 2):g}", str(self.machine_cores), self.cores < self.machine_cores, "cores")
        if self.memory:
            says += ", " + _of(_gigabytes(self.memory), _gigabytes(self.machine_memory), self.memory_is_limited, "GB")
        return f"{says} ({', '.join(self.by)})" if self.by else says


@dataclass(frozen=True)
class _Mount:
    """A hierarchy of groups: ``folder`` is its group ``top``."""

    version: str
    controllers: frozenset[str]
    top: tuple[str, ...]
    folder: Path


def limits(root: Path | None = None, *, cores: int | None = None, allowed: int | None = None) -> Limits:
    """Of this process. A quota holds for a group and all below it, so the smallest on the way up counts.

    Args:
        root: Where ``proc`` and ``sys`` are; :data:`ROOT` unless given.
        cores: Of the machine; asked of the system unless given.
        allowed: Of those, how many this process's affinity allows; asked of the system unless given.
    """
    root = ROOT if root is None else root
    machine = os.cpu_count() or 1 if cores is None else cores
    if allowed is None:
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else machine
    of_cores: list[tuple[float, str]] = [(min(allowed, machine), "CPU affinity")]
    of_memory: list[tuple[float, str]] = []
    for version, folder in _groups(root, "cpu"):
        of_cores += [(quota, version) for quota in _quotas(folder)]
    for version, folder in _groups(root, "memory"):
        of_memory += [(size, version) for size in _sizes(folder)]
    has, set_by = min(of_cores, key=lambda one: one[0])
    physical = _physical_memory(root)
    memory, by_group = min(of_memory, default=(physical, ""), key=lambda one: one[0])
    by = {set_by} if has < machine else set()
    if of_memory and (memory < physical or not physical):
        by.add(by_group)
    else:
        memory = physical
    return Limits(has, memory, machine, physical or memory, tuple(sorted(by)))


def memory_for_ray(own: Limits) -> dict[str, Any]:
    """Arguments of ``ray.init`` where memory is limited, in bytes.

    Ray by itself sees the limits of a container, but not those of a Slurm job or a slice: it would size its object
    store by the machine.
    """
    if not own.memory_is_limited:
        return {}
    objects = int(min(max(OBJECTS_SHARE * own.memory, OBJECTS_LEAST), OBJECTS_MOST))
    return {"object_store_memory": objects, "_memory": max(int(own.memory) - objects, OBJECTS_LEAST)}


def _groups(root: Path, controller: str) -> Iterator[tuple[str, Path]]:
    """Folders of the groups that this process is in and of those that hold them, as far up as they can be seen."""
    paths = _own_groups(root)
    mounts = [mount for mount in _mounts(root) if mount.version == _V2 or controller in mount.controllers]
    for version in (_V2, _V1):
        own = paths.get(controller if version == _V1 else "", ())
        ways = [(mount.folder, _way(mount, own)) for mount in mounts if mount.version == version]
        # Where no mount has the group, the container sees its own group under another name, or a part of what is above.
        known = [(folder, way) for folder, way in ways if way is not None] or [(folder, ()) for folder, _ in ways]
        for folder, way in known:
            for depth in range(len(way), -1, -1):
                yield version, folder.joinpath(*way[:depth])


def _own_groups(root: Path) -> dict[str, tuple[str, ...]]:
    """The names down to this process's group, by controller; ``""`` is version 2."""
    groups = {}
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            groups[controller] = _names(path)
    return groups


def _mounts(root: Path) -> list[_Mount]:
    """Hierarchies that are mounted, by what the system says, or in the usual places."""
    found = []
    for line in _text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) > 4 and kinds[0] in ("cgroup", "cgroup2"):
            folder = root / _plain(fields[4]).lstrip("/")
            version = _V2 if kinds[0] == "cgroup2" else _V1
            found.append(_Mount(version, frozenset(kinds[-1].split(",")), _names(_plain(fields[3])), folder))
    if found:
        return found
    usual = root / _USUAL
    versions_1 = [
        _Mount(_V1, frozenset(name.split(",")), (), usual / name) for name in ("cpu", "cpu,cpuacct", "memory")
    ]
    return [*(_Mount(_V2, frozenset(), (), folder) for folder in (usual, usual / "unified")), *versions_1]


def _way(mount: _Mount, own: tuple[str, ...]) -> tuple[str, ...] | None:
    """From a hierarchy's top down to this process's group; ``None`` where it cannot be seen from there."""
    top = mount.top
    while own and top and own[0] == top[0]:
        own, top = own[1:], top[1:]
    if ".." in own:
        return None
    if not top:
        return own
    if set(top) != {".."}:
        return None
    # The top is above the namespace of this process: how far is known, by which names is not.
    for folder in mount.folder.glob("/".join("*" * len(top))):
        if str(os.getpid()) in _text(folder.joinpath(*own, "cgroup.procs")).split():
            return folder.joinpath(*own).relative_to(mount.folder).parts
    return None


def _quotas(folder: Path) -> Iterator[float]:
    """In cores, of one group."""
    together = _text(folder / "cpu.max").split()
    apart = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    for quota, period in (pair for pair in (together, apart) if len(pair) == 2):
        if _is_number(quota) and _is_number(period) and int(quota) and int(period):
            yield int(quota) / int(period)


def _sizes(folder: Path) -> Iterator[float]:
    """In bytes, of one group. Beyond ``memory.high`` the system slows a group down until nothing moves."""
    # The last is version 1's account of groups above, those included that cannot be seen.
    above = re.search(r"^hierarchical_memory_limit (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
    named = [_text(folder / name).strip() for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
    for size in (*named, above[1] if above else ""):
        if _is_number(size) and int(size):
            yield float(size)


def _physical_memory(root: Path) -> float:
    found = re.search(r"^MemTotal:\s+(\d+) kB$", _text(root / "proc/meminfo"), re.MULTILINE)
    if found:
        return float(found[1]) * 1024
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (OSError, ValueError):
        return 0.0


def _names(path: str) -> tuple[str, ...]:
    return tuple(name for name in path.strip().split("/") if name)


def _plain(field: str) -> str:
    """Of ``mountinfo``, which writes spaces and the like as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _of(has: str, machine: str, less: bool, unit: str) -> str:
    return f"{has} of {machine} {unit}" if less else f"{machine} {unit}"


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f}" if size < 9.95e9 else f"{size / 1e9:.0f}"
