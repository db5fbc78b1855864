"""How many cores this process may keep busy: those it may run on, and what a container's quota is worth."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def available() -> int:
    """Cores for this process: at least 1, a quota of a part of a core counting as a whole one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min([cores, *quotas(CGROUPS, OWN)])))


def quotas(cgroups: Path, own: Path) -> Iterator[float]:
    """Quotas, in cores, of the control groups that a process is in and of those around them; none where none is set.

    cgroups: where control groups are mounted. own: the list of those of the process. Version 2 has `cpu.max`, version 1
    `cpu.cfs_quota_us` and `cpu.cfs_period_us` under `cpu`.
    """
    for version2, group in groups(cgroups, own, "cpu"):
        if version2:
            quota, _, period = text_of(group / "cpu.max").partition(" ")
        else:
            quota, period = text_of(group / "cpu.cfs_quota_us"), text_of(group / "cpu.cfs_period_us")
        if quota.strip().isdecimal() and period.strip().isdecimal() and int(quota) and int(period):
            yield int(quota) / int(period)


def groups(cgroups: Path, own: Path, controller: str) -> Iterator[tuple[bool, Path]]:
    """The control groups of one controller that a process is in and those around them, and whether by version 2."""
    for line in text_of(own).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        version2 = not controllers
        if not version2 and controller not in controllers.split(","):
            continue
        root = cgroups if version2 else cgroups / controller
        folder = root / path.lstrip("/")
        # In a container the path may be that of the host, and the group itself stand at the root.
        for group in {root, *(f for f in (folder, *folder.parents) if f.is_relative_to(root))}:
            yield version2, group


def text_of(path: Path) -> str:
    """What a file of the system says, if there is one."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
