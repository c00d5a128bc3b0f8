"""What a child has noted in its ledger, and what is to be compared with that.

Never waits for a child, and never writes to a ledger.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.outside import Seen
from reloadd.runtime import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reloadd.core.account import LedgerSignature

_EFFECT = b'"effect"'
"""In each line that tells of one, and in hardly any other."""


class LedgerReader:
    """Reads one ledger, as it grows. Any thread may.

    Args:
        path: where it is.

    Attributes:
        path: where it is, or was.
        seen: the sum of what was read so far.
    """

    def __init__(self, path: Path) -> None:
        self.seen = Seen()
        self.path = path
        self._fetched = b""
        self._offset = 0
        self._lock = threading.RLock()

    @property
    def has_more(self) -> bool:
        """Whether more has been written than was read. At once."""
        try:
            return self.path.stat().st_size > self._offset
        except OSError:
            return False

    def fetch(self) -> None:
        """Take what is there into memory, since the file is about to go; `read_on` makes sense of it."""
        with self._lock, suppress(OSError), self.path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
            self._fetched += text
            self._offset += len(text)

    def read_on(self) -> None:
        """Read what has been written by now."""
        with self._lock, suppress(ValueError):
            self.fetch()
            frames, self._fetched = wire.split_frames(self._fetched)
            self.seen.add(map(_plainly, frames))


def _plainly(frame: Mapping[str, object]) -> Mapping[str, object]:
    """A line with the file's name as the watches spell it: an import path may hold `..`, `.` and `//`."""
    match frame:
        case {"word": "found", "file": str(file)} if "/." in file or "//" in file:
            directory, name = os.path.split(file)
            # Beyond a link, `..` leads elsewhere than the text does.
            plain = os.path.realpath(directory) if "/../" in file else os.path.normpath(directory)
            return {**frame, "file": os.path.join(plain, name)}  # noqa: PTH118 - as the ledger spells it
        case _:
            return frame


def read_effects(path: Path) -> Seen:
    """What a ledger says of what was written and started, and nothing else: that is read in a fraction of the time."""
    seen = Seen()
    with suppress(OSError, ValueError):
        frames, _ = wire.split_frames(b"".join(_lines_with(_EFFECT, path.read_bytes())))
        seen.add(frame for frame in frames if frame["word"] == "effect")
    return seen


def signature_of(path: str) -> LedgerSignature | None:
    """A file or directory as it is now; None if it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a thousand paths, on the way of a restart
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _lines_with(word: bytes, text: bytes) -> Iterator[bytes]:
    """The whole lines in which a word stands."""
    end = -1
    while (at := text.find(word, end + 1)) >= 0 and (newline := text.find(b"\n", at)) >= 0:
        yield text[text.rfind(b"\n", 0, at) + 1 : newline + 1]
        end = newline
