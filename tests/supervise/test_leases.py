"""Who opens a file for writing: real leases, and real processes that wait at them."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.supervise.leases import Leases, Opener

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")

DEADLINE = 20.0

LEFT_ALONE = "(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; echo 1 > state.py) & exit 0"
"""A child that writes once its parent is gone."""


def opened(file: Path, command: str) -> tuple[int, tuple[Opener, ...]]:
    """Have a shell, in a session of its own, write a leased file: its process, and who was found to open the file."""

    async def scenario() -> tuple[int, tuple[Opener, ...]]:
        found: asyncio.Future[tuple[Opener, ...]] = asyncio.get_running_loop().create_future()
        assert Leases().take(str(file), found.set_result) is not None
        process = await asyncio.create_subprocess_exec("sh", "-c", command, cwd=file.parent, start_new_session=True)
        await asyncio.wait_for(process.wait(), DEADLINE)
        return process.pid, await asyncio.wait_for(found, DEADLINE)

    return asyncio.run(scenario())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nobody has open."""
    file = tmp_path / "state.py"
    file.write_text("0\n")
    return file


def test_whoever_opens_it_for_writing_is_known_and_goes_on(file: Path) -> None:
    """By its own number and by those of whom it comes from; what it writes arrives."""
    pid, openers = opened(file, "echo 1 > state.py")

    assert [{pid, os.getpid()} <= opener.lineage for opener in openers] == [True]
    assert file.read_text() == "1\n"


def test_whoever_was_left_alone_is_known_by_its_session(file: Path) -> None:
    """Its parent is gone, and another one has become it."""
    pid, openers = opened(file, LEFT_ALONE)

    assert [pid in opener.lineage for opener in openers] == [True]


def test_where_no_lease_can_be_had_there_is_none(file: Path) -> None:
    """Somebody has the file open for writing, or it is not there."""

    async def scenario() -> None:
        with file.open("a"):
            assert Leases().take(str(file), lambda _: None) is None
        assert Leases().take(str(file.with_name("gone")), lambda _: None) is None

    asyncio.run(scenario())


def test_one_that_was_given_back_tells_nothing(file: Path) -> None:
    """Nobody waits at it any more, and to give it back again does nothing."""

    async def scenario() -> list[tuple[Opener, ...]]:
        leases, told = Leases(), list[tuple[Opener, ...]]()
        lease = leases.take(str(file), told.append)
        assert lease is not None
        await asyncio.to_thread(file.read_text)
        leases.give_back(lease)
        leases.give_back(lease)
        await asyncio.to_thread(file.write_text, "1\n")
        return told

    assert asyncio.run(scenario()) == []
