"""What a child has noted in its ledger, and what is to be compared with that.

Never waits for a child, and never writes to a ledger.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.outside import Seen
from reloadd.runtime import wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reloadd.core.account import LedgerSignature

_EFFECT = b'"effect"'
"""In each line that tells of one, and in hardly any other."""


def read_ledger(path: Path) -> Seen:
    """What a ledger says as far as it has been written; nothing if it is not there."""
    seen = Seen()
    with suppress(OSError, ValueError):
        frames, _ = wire.split_frames(path.read_bytes())
        seen.add(frames)
    return seen


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
