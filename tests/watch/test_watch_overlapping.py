"""Roots of one profile that lie in each other: the directory of a script and the script itself, for instance."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from reloadd.watch.events import KernelEvents
from reloadd.watch.forest import Forest
from reloadd.watch.inbox import Inbox
from reloadd.watch.interest import Interest
from tests.support.watching import DEADLINE, save, watch_set

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.watch.inbox import Sighting


@pytest.mark.parametrize("change", ["modified", "deleted", "created"])
def test_a_change_in_two_roots_is_told_once(root: Path, change: str) -> None:
    """Each root has an event of its own; the second one may come when the first one has been looked at and told"""
    file = root / "a.py"
    if change != "created":
        save(file, "one")

    async def scenario() -> tuple[list[tuple[str, str]], int]:
        source, inbox = KernelEvents(), Inbox()
        forest, python = Forest(watch_set(root, file), source, inbox), Interest(("*.py",))
        try:
            forest.begin([python])
            if change == "deleted":
                file.unlink()
            else:
                save(file, "two two")
            sightings: list[Sighting] = []
            async with asyncio.timeout(DEADLINE):
                while {each.listener.owner for each in sightings} != {0, 1}:
                    await inbox.wait(asyncio.get_running_loop().time() + DEADLINE)
                    sightings += inbox.take()
            first = forest.look([each for each in sightings if each.listener.owner == 0]).news[python].findings
            forest.tell(python, [finding.path for finding in first])
            second = forest.look([each for each in sightings if each.listener.owner == 1]).news
            return [(each.path, each.kind.value) for each in first if each.kind], len(second)
        finally:
            forest.close()
            source.close()

    assert asyncio.run(scenario()) == ([(str(file), change)], 0)
