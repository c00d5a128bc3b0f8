"""What a child has noted in its ledger. Never waits for a child, and never writes to a ledger."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.outside import Seen
from reloadd.runtime import wire

if TYPE_CHECKING:
    from pathlib import Path


def read_ledger(path: Path) -> Seen:
    """What a ledger says as far as it has been written; nothing if it is not there."""
    seen = Seen()
    with suppress(OSError, ValueError):
        frames, _ = wire.split_frames(path.read_bytes())
        seen.add(frames)
    return seen
