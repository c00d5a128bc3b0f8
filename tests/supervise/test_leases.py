"""Who opens a file for writing: real leases, and real processes that wait at them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.supervise.leases import Leases, Opener
from tests.support.daemon import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")

LOOKING = """
import asyncio, sys
from reloadd.supervise import leases
from reloadd.supervise.leases import Leases
from reloadd.supervise.processes import adopt_orphans

async def scenario(file, is_certain, *command):
    adopt_orphans()
    found = asyncio.get_running_loop().create_future()
    Leases().take(file, found.set_result, is_certain=is_certain == "True")
    child = await asyncio.create_subprocess_exec(*command, start_new_session=True)
    print("leased", flush=True)
    openers = await found
    print(openers if not openers else [child.pid in opener.lineage for opener in openers], flush=True)

leases._LOOKS = int(sys.argv.pop())
asyncio.run(scenario(*sys.argv[1:]))
"""
"""A process that leases a file, runs a command, and says whether it is that which opens the file.

Its last argument is how often it looks for processes of its own.
"""

LEFT_ALONE = "(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; echo 1 > {}) & exit 0"
"""A child that writes once its parent is gone."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nobody has open."""
    file = tmp_path / "state.py"
    file.write_text("0\n")
    return file


@pytest.fixture(params=[False, True], ids=["quick", "certain"])
def is_certain(request: pytest.FixtureRequest) -> bool:
    """Whether everybody is looked at, if need be."""
    return bool(request.param)


def test_a_process_of_ours_that_comes_late_is_known_if_everybody_is_looked_at(file: Path) -> None:
    """On a busy machine it may wait only after the looks for it."""
    arguments = [str(file), "True", "sh", "-c", f"echo 1 > {file}", "0"]
    with subprocess.Popen([sys.executable, "-c", LOOKING, *arguments], stdout=subprocess.PIPE, text=True) as looking:
        assert looking.communicate()[0] == "leased\n[True]\n"


@pytest.mark.parametrize("command", ["echo 1 > {}", "sh -c 'echo 1 > {}'; true", LEFT_ALONE])
def test_a_process_of_ours_is_known(file: Path, command: str, is_certain: bool) -> None:  # noqa: FBT001 (a fixture)
    """By its own number, by those of whom it comes from, and by its session; it goes on."""
    arguments = [str(file), str(is_certain), "sh", "-c", command.format(file), "3"]
    with subprocess.Popen([sys.executable, "-c", LOOKING, *arguments], stdout=subprocess.PIPE, text=True) as looking:
        assert looking.communicate()[0] == "leased\n[True]\n"
    wait_until(lambda: file.read_text() == "1\n", "what it writes")


def test_somebody_else_is_none_of_ours(file: Path, is_certain: bool) -> None:  # noqa: FBT001 (a fixture)
    """Whoever does not come from the one that looks."""
    arguments = [str(file), str(is_certain), "sleep", "1", "3"]
    with subprocess.Popen([sys.executable, "-c", LOOKING, *arguments], stdout=subprocess.PIPE, text=True) as looking:
        assert looking.stdout is not None
        assert looking.stdout.readline() == "leased\n"
        file.write_text("1\n")

        assert looking.stdout.readline() == "()\n"


def test_where_no_lease_can_be_had_there_is_none(file: Path) -> None:
    """Somebody has the file open for writing, or it is not there."""

    async def scenario() -> None:
        with file.open("a"):
            assert Leases().take(str(file), lambda _: None, is_certain=False) is None
        assert Leases().take(str(file.with_name("gone")), lambda _: None, is_certain=False) is None

    asyncio.run(scenario())


def test_one_that_was_given_back_tells_nothing(file: Path) -> None:
    """Nobody waits at it any more, and to give it back again does nothing."""

    async def scenario() -> list[tuple[Opener, ...] | None]:
        leases, told = Leases(), list[tuple[Opener, ...] | None]()
        lease = leases.take(str(file), told.append, is_certain=False)
        assert lease is not None
        await asyncio.to_thread(file.read_text)
        leases.give_back(lease)
        leases.give_back(lease)
        await asyncio.to_thread(file.write_text, "1\n")
        return told

    assert asyncio.run(scenario()) == []
