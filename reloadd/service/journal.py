"""Records as entries of systemd's journal, each fact a field of its own, so that `journalctl` can search for it.

A sink in place of the log's lines. Never waits for the journal: what it has no room for waits in a bounded queue, and
what is lost is counted and said. The format is that of https://systemd.io/JOURNAL_NATIVE_PROTOCOL.
"""

from __future__ import annotations

import fcntl
import os
import struct
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.facts import drawing, facts, subject
from reloadd.core.records import Level, record
from reloadd.service.datagrams import Datagrams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reloadd.core.records import Record, Value

SOCKET = Path("/run/systemd/journal/socket")

_KINDS = uuid.UUID("6f1d7a3e-0c58-4b0e-9d0f-2f6a4f4b8c51")
"""The name space of the MESSAGE_IDs, which are made of it and of the records' names (RFC 9562, version 5)."""

_MOST = 2000
_MOST_VALUES = 500
"""Values of one list that become fields: the journal drops an entry of more than 1024 fields, without a word."""

_CLOSE_TIMEOUT = 1.0
_PRIORITIES = {Level.ERROR: 3, Level.WARNING: 4, Level.INFO: 6, Level.DEBUG: 7}
"""As syslog(3) numbers them."""

_RANK = {level: rank for rank, level in enumerate(Level)}


class SystemdJournal:
    """A sink that writes records to the journal.

    Args:
        publish: told when records were lost.
        lowest: records below this level are left out.
        address: of the journal's socket.
    """

    def __init__(self, publish: Callable[[Record], None], *, lowest: Level, address: Path = SOCKET) -> None:
        self._publish = publish
        self._lowest = _RANK[lowest]
        self._datagrams = Datagrams(str(address), most=_MOST, shrink=_sealed, on_lost=self._lost)

    def __call__(self, said: Record) -> None:
        """Write the record, if its level is high enough."""
        if _RANK[said.level] >= self._lowest:
            self._datagrams.send(encode(said))

    def close(self) -> None:
        """Write what waits, for a second at the most."""
        self._datagrams.close(_CLOSE_TIMEOUT)

    def _lost(self, count: int) -> None:
        self._publish(record("journal.overflowed", records=count))


def is_journal(descriptor: int, environ: Mapping[str, str]) -> bool:
    """Whether what is written to `descriptor` goes to the journal (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}" and SOCKET.exists()


def encode(said: Record) -> bytes:
    """A record as the journal takes it."""
    return b"".join(_line(name, value) for name, value in _fields(said))


def message_id(name: str) -> str:
    """The MESSAGE_ID of a kind of record: always the same one for the same name."""
    return uuid.uuid5(_KINDS, name).hex


def _fields(said: Record) -> Iterator[tuple[str, str]]:
    yield "MESSAGE", _message(said)
    yield "PRIORITY", str(_PRIORITIES[said.level])
    yield "SYSLOG_IDENTIFIER", "reloadd"
    yield "MESSAGE_ID", message_id(said.name)
    yield "RELOADD_EVENT", said.name
    if said.profile is not None:
        yield "RELOADD_PROFILE", said.profile
    if said.generation is not None:
        yield "RELOADD_GENERATION", str(said.generation)
    for key, value in said.fields.items():
        for one in _values(value):
            yield f"RELOADD_{key.upper()}", one


def _message(said: Record) -> str:
    """What `journalctl` shows: the line of the log, without what the journal knows itself."""
    shown = "  ".join(f"{key}={words}" for key, words in facts(said.fields).items())
    line = f"{subject(said.profile, said.generation)}: {said.name}  {shown}".rstrip()
    picture = drawing(said.fields)
    return f"{line}\n{picture}" if picture else line


def _values(value: Value) -> tuple[str, ...]:
    """A field's values: a list is a field several times over, as in the journal's own entries."""
    match value:
        case None:
            return ()
        case tuple():
            return value[:_MOST_VALUES]
        case bool():
            return ("true" if value else "false",)
        case _:
            return (str(value),)


def _line(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "backslashreplace")
    if b"\n" not in data:
        return name.encode("ascii") + b"=" + data + b"\n"
    return name.encode("ascii") + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"


def _sealed(data: bytes) -> int:
    """A file in memory that nobody can change any more: so are entries handed over that no datagram holds."""
    descriptor = os.memfd_create("reloadd-record", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
