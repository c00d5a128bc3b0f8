"""The files in which children note what they import and read. Never waits for a child, and never writes to a ledger."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.account import Account
from reloadd.runtime import wire
from reloadd.supervise.scratch import Scratch

if TYPE_CHECKING:
    from pathlib import Path


class Ledgers:
    """A directory of them, which goes with this object's end."""

    def __init__(self) -> None:
        self._directory = Scratch()

    def path(self, name: str) -> Path:
        """Where the ledger of this name is, or will be."""
        return self._directory.path / name

    def remove(self, name: str) -> None:
        """Nobody will read this one any more."""
        self.path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove all. Safe to call twice."""
        self._directory.close()


def read(path: Path) -> Account:
    """What a ledger says as far as it has been written; nothing if it is not there."""
    account = Account()
    _add(account, path)
    return account


def read_prepared(parked: Path, ahead: Path, program: str | None) -> Account:
    """What a process has read until it parked, and when it ran ahead, if it did.

    Args:
        parked: the ledger of the first.
        ahead: the ledger of the second.
        program: the script that it is to run, if it is one; before it runs ahead it has only looked what it is.
    """
    account = Account()
    _add(account, parked)
    if program is not None:
        account.read.pop(program, None)
    _add(account, ahead)
    return account


def _add(account: Account, path: Path) -> None:
    with suppress(OSError, ValueError, RecursionError):
        frames, _ = wire.split_frames(path.read_bytes())
        account.add(frames)
