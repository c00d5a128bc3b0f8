"""What is known of the files that matter, and how it differs from what was last told.

Different is the test, never newer: an older file moved over a newer one is a change. Two writes of the same size to the
same inode within one tick of the kernel's clock (4 ms at most, none since Linux 6.13) look like one; the process that
the first of them starts reads the second. Holds no paths of directories and decides nothing about time.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from enum import Enum
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from reloadd.core.changes import ChangeKind
from reloadd.core.settle import HOLD, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

LARGEST_DIGESTED = 1 << 20
"""Bytes. A larger file counts as changed whenever its signature does."""


class Writer(Enum):
    """What is known of the one who wrote a file."""

    DONE = "done"
    """It closed the file, or moved it here."""
    BUSY = "busy"
    """It created the file and has yet to close it."""
    UNKNOWN = "unknown"
    """No event told; a file that was written to just now may be written to again."""


class Signature(NamedTuple):
    """What stat says of a file's content. A tuple, since a large tree makes a hundred thousand of them at once.

    Attributes:
        mtime_ns: time of the last write, which anybody may set.
        size: bytes.
        inode: another one after a save by rename.
        ctime_ns: time of the last change of any kind, which nobody can set.
    """

    mtime_ns: int
    size: int
    inode: int
    ctime_ns: int


@dataclass(slots=True)
class Entry:
    """One file: its signature, and the digest of what was read under that signature, if it was."""

    signature: Signature
    digest: bytes | None = None


def signature_of(status: os.stat_result) -> Signature | None:
    """The signature of a regular file; None for anything else."""
    if not S_ISREG(status.st_mode):
        return None
    return Signature(status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns)


def _is_complete(signature: Signature | None, writer: Writer) -> bool:
    """Whether a file can be held for written. A clock that differs from the file system's costs the wait, no more."""
    match writer:
        case Writer.DONE:
            return True
        case Writer.BUSY:
            return False
        case Writer.UNKNOWN:
            return signature is None or time.time_ns() - signature.mtime_ns > HOLD * 1e9


def digest_of(path: str, signature: Signature) -> bytes | None:
    """The digest of the content that belongs to `signature`; None if it is too large, gone, or being written."""
    if signature.size > LARGEST_DIGESTED:
        return None
    try:
        # A file may have become a named pipe since it was looked at: opening one must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb", buffering=0) as file:
        try:
            if signature_of(os.fstat(descriptor)) != signature:
                return None
            content = file.read(LARGEST_DIGESTED + 1)
            unchanged = signature_of(os.fstat(descriptor)) == signature
        except OSError:
            return None
    if not unchanged or content is None or len(content) != signature.size:
        return None
    return hashlib.blake2b(content, digest_size=16).digest()


class Snapshot:
    """The files of one root as they were seen last, and as they were told last where that differs."""

    def __init__(self) -> None:
        self._seen: dict[str, Entry] = {}
        self._told: dict[str, Entry | None] = {}
        self._touched: dict[str, bool] = {}
        # In order, and not a set, of which `pop` looks through all the room that it once needed.
        self._undigested: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, path: str) -> bool:
        return path in self._seen

    def signature(self, path: str) -> Signature | None:
        """How a file was seen last; None if there was none."""
        entry = self._seen.get(path)
        return entry.signature if entry else None

    def is_as_seen(self, path: str, status: os.stat_result) -> bool:
        """Whether a file is as it was seen last: the same as comparing signatures, in a third of the time."""
        entry = self._seen.get(path)
        now = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns)
        return entry is not None and entry.signature == now

    def told(self) -> dict[str, Entry]:
        """All files as they were told last."""
        told = {path: entry for path, entry in self._seen.items() if path not in self._told}
        return told | {path: entry for path, entry in self._told.items() if entry is not None}

    def untold(self) -> AbstractSet[str]:
        """The paths that differ from what was told of them, as far as was seen."""
        return self._told.keys()

    def adopt(self, path: str, signature: Signature) -> None:
        """Know a file without telling of it: it was there before, only not looked at."""
        if path in self._told:
            self.see(path, signature)
            return
        self._seen[path] = Entry(signature)
        self._undigested[path] = None

    def drop(self, path: str) -> None:
        """Forget a file without telling of it: it is still there, only no longer looked at."""
        for table in (self._seen, self._told, self._touched):
            table.pop(path, None)

    def see(self, path: str, signature: Signature | None, writer: Writer = Writer.UNKNOWN) -> None:
        """Note what stat says of a path now; None when there is no such file."""
        before = self._seen.get(path)
        if (before.signature if before else None) == signature:
            return
        self._told.setdefault(path, before)
        self._touched[path] = _is_complete(signature, writer)
        if signature is None:
            del self._seen[path]
        else:
            self._seen[path] = Entry(signature)

    def heard_of(self, path: str, writer: Writer) -> None:
        """Note an event about a path that is seen already: its writer may only now be done with what was seen."""
        if path in self._told:
            seen = self._seen.get(path)
            self._touched[path] = _is_complete(seen.signature if seen else None, writer)

    def findings(self) -> tuple[Finding, ...]:
        """How each path touched since the last call stands against what was told of it."""
        touched, self._touched = self._touched, {}
        return tuple(Finding(path, self._difference(path), complete) for path, complete in touched.items())

    def _difference(self, path: str) -> ChangeKind | None:
        told, seen = self._told[path], self._seen.get(path)
        if seen is None:
            kind = None if told is None else ChangeKind.DELETED
        elif told is None:
            kind = ChangeKind.CREATED
        else:
            kind = None if self._same_content(path, told, seen) else ChangeKind.MODIFIED
        if kind is None:
            del self._told[path]
        return kind

    @staticmethod
    def _same_content(path: str, told: Entry, seen: Entry) -> bool:
        if told.signature == seen.signature:
            seen.digest = told.digest
            return True
        if told.digest is None or told.signature.size != seen.signature.size:
            return False
        seen.digest = digest_of(path, seen.signature)
        return seen.digest == told.digest

    def tell(self, paths: Iterable[str]) -> None:
        """Take these paths, as they were seen last, for told."""
        for path in paths:
            self._told.pop(path, None)
            self._undigested[path] = None

    def digest_some(self, most: int) -> bool:
        """Read up to `most` files that were not read yet; whether some are left.

        A few at a time, so that a save made meanwhile need not wait for them all.
        """
        for _ in range(min(most, len(self._undigested))):
            path, _ = self._undigested.popitem()
            entry = self._seen.get(path)
            if entry and entry.digest is None:
                entry.digest = digest_of(path, entry.signature)
        return bool(self._undigested)
