"""What the journal is sent: the form of an entry, and that nobody waits for it. The other end is a real socket."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reloadd.core.records import CATALOGUE, Level, Record, record
from reloadd.service.datagrams import Datagrams
from reloadd.service.journal import SystemdJournal, encode, is_journal, message_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST = 1 << 20


def settled(*paths: str) -> Record:
    """A record with a list."""
    return record("change.settled", profile="shop", paths=paths, changes=len(paths), settled_ms=3)


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """The journal's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        ear.settimeout(10)
        yield ear


def test_an_entry_has_a_field_for_each_fact() -> None:
    """Text, priority and identity as everywhere in the journal; ours behind `RELOADD_`, a list once for each value."""
    exited = Record(
        "child.exited",
        {
            **dict.fromkeys(CATALOGUE["child.exited"].fields),
            "pid": 7,
            "exit": "code 1 (failure)",
            "exit_code": 1,
            "asked": False,
        },
        profile="shop",
        generation=3,
        level=Level.WARNING,
    )

    assert encode(exited).decode().splitlines() == [
        "MESSAGE=shop#3: child.exited  pid=7  exit='code 1 (failure)'  asked=False",
        "PRIORITY=4",
        "SYSLOG_IDENTIFIER=reloadd",
        f"MESSAGE_ID={message_id('child.exited')}",
        "RELOADD_EVENT=child.exited",
        "RELOADD_PROFILE=shop",
        "RELOADD_GENERATION=3",
        "RELOADD_PID=7",
        "RELOADD_EXIT=code 1 (failure)",
        "RELOADD_EXIT_CODE=1",
        "RELOADD_ASKED=false",
    ]
    assert b"RELOADD_PATHS=a.py\nRELOADD_PATHS=b.py\n" in encode(settled("a.py", "b.py"))


def test_lines_are_counted_in() -> None:
    """A value of several lines goes with its length; what is no UTF-8 is made so."""
    rejected = record("profile.rejected", problems=1, drawing="error: x\n --> y")
    drawing = b"error: x\n --> y"

    assert b"RELOADD_DRAWING\n" + struct.pack("<Q", len(drawing)) + drawing + b"\n" in encode(rejected)
    assert b"RELOADD_PATHS=\\udcff.py\n" in encode(settled("\udcff.py"))


def test_no_entry_has_more_fields_than_the_journal_takes() -> None:
    """It would drop it."""
    assert encode(settled(*map(str, range(3000)))).count(b"\n") < 1024


def test_each_kind_has_an_identity_that_stays() -> None:
    """Whoever searches for one today finds it with the next version too."""
    assert message_id("restart.completed") == "2a1565a3426d531785f426f7fd233fa0"
    assert len({message_id(name) for name in CATALOGUE}) == len(CATALOGUE)


def test_what_no_datagram_holds_is_handed_over_sealed(tmp_path: Path) -> None:
    """As a file in memory that cannot be changed any more, which the journal insists on."""
    lost: list[Record] = []

    async def send(said: Record) -> None:
        journal = SystemdJournal(lost.append, lowest=Level.INFO, address=tmp_path / "socket")
        journal(said)
        journal.close()

    said = settled(*["x" * 4000] * 400)
    with listening(tmp_path / "socket") as ear:
        asyncio.run(send(said))
        data, (descriptor,), _, _ = socket.recv_fds(ear, LONGEST, 1)
    with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor, not a path)
        content = os.pread(file.fileno(), len(encode(said)) + 1, 0)
        seals = fcntl.fcntl(file, fcntl.F_GET_SEALS)

    assert data == b""
    assert content == encode(said)
    assert seals == fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def test_nobody_waits_for_a_journal_that_does_not_read(tmp_path: Path) -> None:
    """What there is no room for waits, in order; what there is no room to wait for is lost, and that is said."""
    most, sent = 50, 5000
    lost: list[int] = []
    received: list[bytes] = []

    async def send(ear: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        datagrams = Datagrams(str(tmp_path / "socket"), most=most, on_lost=lost.append)
        for number in range(sent):
            datagrams.send(str(number).encode())
        ear.settimeout(0)
        async with asyncio.timeout(10):
            while not lost:
                received.append(await loop.sock_recv(ear, 100))
        datagrams.close(1)

    with listening(tmp_path / "socket") as ear:
        asyncio.run(send(ear))

    numbers = [int(each) for each in received]
    assert numbers == list(range(len(numbers)))
    assert lost[0] > 0
    assert lost[0] < sent - most


def test_a_journal_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    """The apps matter more than what is said of them."""
    lost: list[Record] = []

    async def send() -> None:
        journal = SystemdJournal(lost.append, lowest=Level.INFO, address=tmp_path / "nowhere")
        journal(settled("a.py"))
        journal.close()

    asyncio.run(send())


def test_it_is_the_journal_if_it_says_so_itself(tmp_path: Path) -> None:
    """JOURNAL_STREAM is inherited by programs whose output goes elsewhere: only device and inode tell."""
    with (tmp_path / "log").open("w") as file:
        status = os.fstat(file.fileno())

        assert not is_journal(file.fileno(), {})
        assert not is_journal(file.fileno(), {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
