"""Where file systems are mounted: which of them the kernel's events cannot see into, and when that changes.

Reads `/proc/self/mountinfo` (proc(5)); where there is none, nothing is held to be blind, and nothing ever changes.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reloadd.core.paths import is_within, relative
from reloadd.watch.links import real_path

if TYPE_CHECKING:
    from collections.abc import Callable

MOUNTINFO = Path("/proc/self/mountinfo")

_BLIND = re.compile(
    # Network: another machine writes.
    r"nfs\d*|cifs|smb3|smbfs|9p|afs|ceph|lustre|gpfs|ocfs2|gfs2|davfs"
    # A host writes: virtual machines, Windows below WSL, Docker Desktop.
    r"|virtiofs|vboxsf|prl_fs|drvfs|fakeowner"
    # A program answers, and may change its answers.
    r"|fuse|fuse\..*",
)
_OCTAL = re.compile(r"\\(\d{3})")


class Mount(NamedTuple):
    """A file system, and where it is seen.

    Attributes:
        point: absolute, without links.
        kind: its type, such as `ext4`.
    """

    point: str
    kind: str


def blind_mount(path: str, mountinfo: str | None = None) -> Mount | None:
    """The mount that `path` lies in if events cannot see into it; else None. See `mount_at`."""
    mount = mount_at(path, mountinfo)
    return mount if mount is not None and _BLIND.fullmatch(mount.kind) else None


def blind_file_system(path: str, mountinfo: str | None = None) -> str | None:
    """The type of the file system at `path` if events cannot see into it, such as `nfs4`; else None."""
    mount = blind_mount(path, mountinfo)
    return None if mount is None else mount.kind


def file_system_at(path: str, mountinfo: str | None = None) -> str:
    """The type of the file system at `path`, such as `ext4`; empty where it is not known."""
    mount = mount_at(path, mountinfo)
    return "" if mount is None else mount.kind


def mount_at(path: str, mountinfo: str | None = None) -> Mount | None:
    """The mount with the longest path that `path` lies below; None where there is no table.

    Device numbers would be quicker to compare, but a file of a btrfs subvolume has one that no line of the table names.

    Args:
        path: absolute; symbolic links in it are followed. It need not exist.
        mountinfo: the table's text, for whoever has read it already.
    """
    real = real_path(path)
    found = None
    for mount in _mounts(read_mountinfo() if mountinfo is None else mountinfo):
        # Of two mounts at one point the later one lies on top.
        if is_within(real, mount.point) and (found is None or len(mount.point) >= len(found.point)):
            found = mount
    return found


def mounted_files(directory: str, mountinfo: str | None = None) -> list[str]:
    """The files below a directory that are mounted one by one, as Docker does with `-v FILE:FILE`.

    An edit of such a file on its other side causes no event in the directory that it is seen in.

    Args:
        directory: absolute; symbolic links in it are followed.
        mountinfo: the table's text, for whoever has read it already.
    """
    real = real_path(directory)
    points = {point for point, _ in _mounts(read_mountinfo() if mountinfo is None else mountinfo)} - {real}
    below = sorted(point for point in points if is_within(point, real) and os.path.isfile(point))
    return [os.path.join(directory, relative(point, real)) for point in below]


class MountWatch:
    """Tells when something is mounted or unmounted. To be used on the running event loop's thread.

    The kernel marks the table as exceptional then (proc_pid_mountinfo(5)). asyncio cannot wait for that; an epoll(7)
    that waits for nothing else is readable instead.

    Args:
        on_change: is called with the mount points that came, went or changed.
    """

    def __init__(self, on_change: Callable[[frozenset[str]], None]) -> None:
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._lines = frozenset(read_mountinfo().splitlines())
        self._table: int | None = None
        with suppress(OSError):
            self._table = os.open(MOUNTINFO, os.O_RDONLY | os.O_CLOEXEC)
            self._epoll = select.epoll()
            self._epoll.register(self._table, select.EPOLLPRI | select.EPOLLET)
            self._loop.add_reader(self._epoll.fileno(), self._changed)

    def _changed(self) -> None:
        self._epoll.poll(0)
        lines = frozenset(read_mountinfo().splitlines())
        changed, self._lines = lines ^ self._lines, lines
        if points := frozenset(point for point, _ in _mounts("\n".join(changed))):
            self._on_change(points)

    def close(self) -> None:
        """Tell no more. Safe to call twice."""
        table, self._table = self._table, None
        if table is not None:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
            os.close(table)


def read_mountinfo() -> str:
    """The kernel's table of mounts; empty where there is none."""
    try:
        return MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


@lru_cache(maxsize=4)
def _mounts(table: str) -> tuple[Mount, ...]:
    """Those of each line; the table hardly ever changes, and each profile asks."""
    found = []
    for line in table.splitlines():
        before, separator, after = line.partition(" - ")
        if separator:
            found.append(Mount(_OCTAL.sub(_unescape, before.split(" ")[4]), after.split(" ")[0]))
    return tuple(found)


def _unescape(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 8))
