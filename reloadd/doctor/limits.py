"""The kernel's limits that watching runs into, and who uses them up: inotify(7), getrlimit(2).

Only reads, and of other users' processes only what anybody may read.
"""

from __future__ import annotations

import os
import resource
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.doctor.findings import Check, Verdict, judge_descriptors, judge_use, raised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TOPIC = "limits"
_INOTIFY = Path("/proc/sys/fs/inotify")
_PROC = Path("/proc")
_MOST_NAMED = 3
_FEW_INSTANCES = 1024


def check_limits() -> Iterator[Check]:
    """How each limit stands."""
    watches, instances = _use()
    yield _inotify("max_user_watches", watches, raised)
    yield _inotify("max_user_instances", instances, lambda limit: max(2 * limit, _FEW_INSTANCES))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    verdict, fix = judge_descriptors(soft, hard)
    yield Check(_TOPIC, "open files", verdict, f"{soft} for each process, at most {hard}", fix)


def _inotify(name: str, users: Counter[str], raise_to: Callable[[int], int]) -> Check:
    subject = f"fs.inotify.{name}"
    try:
        limit = int((_INOTIFY / name).read_text("ascii"))
    except (OSError, ValueError):
        return Check(_TOPIC, subject, Verdict.WARN, "this kernel has no inotify: everything is polled")
    used = users.total()
    verdict = judge_use(used, limit)
    who = ", ".join(f"{process} {count}" for process, count in users.most_common(_MOST_NAMED))
    found = f"{used} of {limit} used" + (f": {who}" if who else "")
    fix = None if verdict is Verdict.OK else f"sudo sysctl {subject}={raise_to(limit)}"
    return Check(_TOPIC, subject, verdict, found, fix)


def _use() -> tuple[Counter[str], Counter[str]]:
    """Watches and instances of this user's processes, by `command[pid]` (proc(5), fdinfo)."""
    watches: Counter[str] = Counter()
    instances: Counter[str] = Counter()
    for process in _PROC.glob("[0-9]*"):
        try:
            if process.stat().st_uid != os.getuid():
                # The limits are for each user.
                continue
            descriptors = list((process / "fd").iterdir())
            name = f"{(process / 'comm').read_text('utf-8', 'replace').strip()}[{process.name}]"
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                if str(descriptor.readlink()) != "anon_inode:inotify":
                    continue
                lines = (process / "fdinfo" / descriptor.name).read_text("ascii").splitlines()
            except OSError:
                continue
            instances[name] += 1
            watches[name] += sum(line.startswith("inotify ") for line in lines)
    return watches, instances
