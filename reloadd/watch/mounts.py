"""Which file systems the kernel's events cannot see into, because others write to them behind its back.

Reads `/proc/self/mountinfo` (proc(5)); where there is none, nothing is held to be blind.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

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


def blind_file_system(path: str, mountinfo: str | None = None) -> str | None:
    """The type of the file system at `path` if events cannot see into it, such as `nfs4`; else None.

    The mount is the one with the longest path that `path` lies below. Device numbers would be quicker to compare, but a
    file of a btrfs subvolume has one that no line of the table names.

    Args:
        path: absolute; symbolic links in it are followed. It need not exist.
        mountinfo: the table's text, for whoever has read it already.
    """
    kind = file_system_at(path, mountinfo)
    return kind if _BLIND.fullmatch(kind) else None


def file_system_at(path: str, mountinfo: str | None = None) -> str:
    """The type of the file system at `path`, such as `ext4`; empty where it is not known. See `blind_file_system`."""
    real = os.path.realpath(path)
    kind, longest = "", -1
    for point, each in _mounts(read_mountinfo() if mountinfo is None else mountinfo):
        below = real == point or real.startswith(point.rstrip("/") + "/")
        # Of two mounts at one point the later one lies on top.
        if below and len(point) >= longest:
            kind, longest = each, len(point)
    return kind


def read_mountinfo() -> str:
    """The kernel's table of mounts; empty where there is none."""
    try:
        return MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _mounts(table: str) -> list[tuple[str, str]]:
    """Mount point and file-system type of each line."""
    found = []
    for line in table.splitlines():
        before, separator, after = line.partition(" - ")
        if separator:
            found.append((_OCTAL.sub(_unescape, before.split(" ")[4]), after.split(" ")[0]))
    return found


def _unescape(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 8))
