"""What is known of the files that matter to anybody, and how it differs from what each was told last.

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

from reloadd.core.settle import HOLD
from reloadd.watch.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reloadd.core.settle import Finding
    from reloadd.watch.interest import Interest

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
    """The files of one root as they were seen last, and for each interest what was told of them.

    Args:
        root: absolute.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._seen: dict[str, Entry] = {}
        self._ledgers: dict[Interest, Ledger] = {}
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

    # For whom.

    def serve(self, interests: Collection[Interest]) -> None:
        """Keep what is told for these, and for no others; to those that are new, all that was seen counts as told."""
        counts = self._counts([each for each in interests if each not in self._ledgers], sharers=len(interests))
        # Replaced as a whole: the event loop may be reading it.
        self._ledgers = {each: self._ledgers.get(each) or Ledger(each, self._root, counts[each]) for each in interests}

    def _counts(self, new: Collection[Interest], sharers: int) -> dict[Interest, int]:
        """How many of the files seen matter to each; to a single one, and of a root that is a file, all do."""
        if not new or sharers == 1 or self._root in self._seen:
            return dict.fromkeys(new, len(self._seen))
        # What all have in common is cut off once: fifty interests may be asked of each file.
        prefix = len(self._root.rstrip("/")) + 1
        below = [path[prefix:] for path in self._seen]
        return {each: sum(map(each.includes.matches, below)) for each in new}

    def serves(self, interests: Iterable[Interest]) -> bool:
        """Whether none of these is new."""
        return all(each in self._ledgers for each in interests)

    def matters(self, interest: Interest, path: str) -> bool:
        """Whether a file at this path, which no ignore rule leaves out, matters to it."""
        return self._ledgers[interest].wants(path)

    def files_for(self, interest: Interest) -> int:
        """How many files matter to it; none before it is served."""
        ledger = self._ledgers.get(interest)
        return ledger.files if ledger else 0

    def told(self, interest: Interest) -> dict[str, Entry]:
        """All files that matter to it, as they were told last."""
        return self._ledgers[interest].told(self._seen)

    def untold(self, interest: Interest | None = None) -> frozenset[str]:
        """The paths that differ from what was told of them, as far as was seen; by default those of all interests."""
        ledgers = self._ledgers.values() if interest is None else (self._ledgers[interest],)
        return frozenset().union(*(each.untold() for each in ledgers))

    # What is there.

    def adopt(self, path: str, signature: Signature) -> None:
        """Know a file without telling of it: it was there before, only not looked at."""
        if self._ledgers:  # none while the first baseline is taken, which must be quick
            if any(path in ledger for ledger in self._ledgers.values()):
                self.see(path, signature)
                return
            if path not in self._seen:
                self._count(path, 1)
        self._seen[path] = Entry(signature)
        self._undigested[path] = None

    def drop(self, path: str) -> None:
        """Forget a file without telling of it: it is still there, only no longer looked at."""
        if self._seen.pop(path, None) is not None:
            self._count(path, -1)
        for ledger in self._ledgers.values():
            ledger.drop(path)

    def _count(self, path: str, files: int) -> None:
        for ledger in self._ledgers.values():
            if ledger.wants(path):
                ledger.count(files)

    def see(self, path: str, signature: Signature | None, writer: Writer = Writer.UNKNOWN) -> None:
        """Note what stat says of a path now; None when there is no such file."""
        before = self._seen.get(path)
        if (before.signature if before else None) == signature:
            return
        if signature is None:
            after = None
            del self._seen[path]
        else:
            after = self._seen[path] = Entry(signature)
        complete = _is_complete(signature, writer)
        for ledger in self._ledgers.values():
            ledger.note(path, before, after, complete=complete)

    def heard_of(self, path: str, writer: Writer) -> None:
        """Note an event about a path that is seen already: its writer may only now be done with what was seen."""
        complete = _is_complete(self.signature(path), writer)
        for ledger in self._ledgers.values():
            ledger.touch(path, complete=complete)

    # What to tell.

    def findings(self) -> dict[Interest, tuple[Finding, ...]]:
        """For whom paths were touched since the last call, and how each stands against what was told of it."""
        found = {each: ledger.findings(self._seen, _same_content) for each, ledger in self._ledgers.items()}
        return {each: findings for each, findings in found.items() if findings}

    def tell(self, interest: Interest, paths: Iterable[str]) -> None:
        """Take these paths, as they were seen last, for told."""
        told = tuple(paths)
        if interest in self._ledgers:
            self._ledgers[interest].tell(told)
        self._undigested.update(dict.fromkeys(told))

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


def _same_content(path: str, told: Entry, seen: Entry) -> bool:
    """Whether what is there was told already, as far as that can be known; it is read once, whoever asks."""
    if told.signature == seen.signature:
        seen.digest = told.digest
        return True
    if told.digest is None or told.signature.size != seen.signature.size:
        return False
    if seen.digest is None:
        seen.digest = digest_of(path, seen.signature)
    return seen.digest == told.digest
