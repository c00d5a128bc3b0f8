"""Which starts are made once more, since they may have read a file while it was half written."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from reloadd.supervise.rewrites import Rewrites
from tests.support.watching import save

if TYPE_CHECKING:
    from pathlib import Path

BEGINS, SUCCEEDS, FAILS, WRITTEN, NOTED, PAUSE = "begins", "succeeds", "fails", "written", "noted", "pause"

AGAIN = {
    "it fails first": [BEGINS, WRITTEN, FAILS, NOTED],
    "it is noted first": [BEGINS, WRITTEN, NOTED, FAILS],
    "it is filled just after the failure": [BEGINS, FAILS, WRITTEN, NOTED],
}
NOT_AGAIN = {
    "written before": [WRITTEN, BEGINS, NOTED, FAILS],
    "written long after": [BEGINS, FAILS, *[PAUSE] * 12, WRITTEN, NOTED],
    "it went well": [BEGINS, WRITTEN, NOTED, SUCCEEDS, FAILS],
    "no start": [WRITTEN, NOTED, FAILS],
    "another start since": [BEGINS, WRITTEN, NOTED, BEGINS, FAILS],
}


async def started_again(file: Path, steps: list[str]) -> list[tuple[str, ...]]:
    """The files for which a start is to be made once more."""
    again: list[tuple[str, ...]] = []
    rewrites = Rewrites(lambda changes: again.append(changes.paths))
    save(file, "as ever")
    for step in steps:
        # Further apart than the coarsest clock is.
        await asyncio.sleep(0.05)
        match step:
            case "begins":
                rewrites.start_begins()
            case "succeeds":
                rewrites.start_succeeds()
            case "fails":
                rewrites.start_fails()
            case "written":
                save(file, "as ever")
            case "noted":
                rewrites.note(os.fspath(file))
    return again


@pytest.mark.parametrize("steps", AGAIN.values(), ids=AGAIN.keys())
def test_a_start_that_failed_beside_a_save_is_made_again(tmp_path: Path, steps: list[str]) -> None:
    """Whatever is heard of first; but not a third time"""
    file = tmp_path / "part.py"
    assert asyncio.run(started_again(file, steps)) == [(str(file),)]
    assert asyncio.run(started_again(file, [*steps, *steps])) == [(str(file),)]


@pytest.mark.parametrize("steps", NOT_AGAIN.values(), ids=NOT_AGAIN.keys())
def test_other_starts_are_not_made_again(tmp_path: Path, steps: list[str]) -> None:
    """What it read was whole, or it went well"""
    assert asyncio.run(started_again(tmp_path / "part.py", steps)) == []
