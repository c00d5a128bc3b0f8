"""One file as it is known: what stat says of it, which scopes it is in, and the digest of what was read.

Looks at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from stat import S_ISREG
from typing import TYPE_CHECKING

from reloadd.watch.signature import Signature

if TYPE_CHECKING:
    import os

    from reloadd.watch.interest import Scope


@dataclass(slots=True, eq=False)
class KnownFile:
    """One file.

    It holds the fields of its `Signature` itself: there is one of these for each file of a tree, and a second object
    would take a quarter more memory, and time of the garbage collector.

    Attributes:
        scopes: those that it is in: its directory is entered for them, and their rules do not leave it out.
        digest: that of what was read under this signature; None if it was not read.
    """

    mtime_ns: int
    size: int
    inode: int
    ctime_ns: int
    scopes: tuple[Scope, ...]
    digest: bytes | None = None

    @property
    def signature(self) -> Signature:
        """What stat said of it."""
        return Signature(self.mtime_ns, self.size, self.inode, self.ctime_ns)

    def has_signature_of(self, other: KnownFile) -> bool:
        """Whether stat says the same of another one."""
        return (
            self.mtime_ns == other.mtime_ns
            and self.size == other.size
            and self.inode == other.inode
            and self.ctime_ns == other.ctime_ns
        )

    def is_as(self, status: os.stat_result) -> bool:
        """Whether stat says the same now."""
        return (
            self.mtime_ns == status.st_mtime_ns
            and self.size == status.st_size
            and self.inode == status.st_ino
            and self.ctime_ns == status.st_ctime_ns
        )

    def within(self, scopes: tuple[Scope, ...]) -> KnownFile:
        """The same file in other scopes."""
        return replace(self, scopes=scopes)


def known_file(status: os.stat_result, scopes: tuple[Scope, ...]) -> KnownFile | None:
    """A regular file, of which nothing was read; None for anything else."""
    if not S_ISREG(status.st_mode):
        return None
    return KnownFile(status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns, scopes)
