"""What a file is: what stat says of its content, and the digest of what was read.

Keeps nothing.
"""

from __future__ import annotations

import hashlib
import os
from stat import S_ISREG
from typing import NamedTuple

LARGEST_DIGESTED = 1 << 20
"""Bytes. A larger file counts as changed whenever its signature does."""


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


def signature_of(status: os.stat_result) -> Signature | None:
    """The signature of a regular file; None for anything else."""
    if not S_ISREG(status.st_mode):
        return None
    return Signature(status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns)


def digest_of(path: str, signature: Signature) -> bytes | None:
    """The digest of the content that belongs to `signature`; None if it is too large, gone, or being written."""
    if signature.size > LARGEST_DIGESTED:
        return None
    try:
        # A file may have become a named pipe since it was looked at: opening one must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if signature_of(os.fstat(descriptor)) != signature:
            return None
        # A regular file gives all that it has in one read, which makes no more room than is needed.
        content = os.read(descriptor, signature.size + 1)
        unchanged = signature_of(os.fstat(descriptor)) == signature
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if not unchanged or len(content) != signature.size:
        return None
    return hashlib.blake2b(content, digest_size=16).digest()
