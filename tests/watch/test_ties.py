"""What decides about a path is heard of, also when it comes or goes while it is looked for."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from typing import TYPE_CHECKING

from reloadd.watch.events import KernelEvents
from reloadd.watch.hearing import Hearing
from reloadd.watch.inbox import Inbox
from reloadd.watch.links import Name, names_behind
from reloadd.watch.ties import Ties
from tests.support.watching import save, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.support.watching import Stage


def _with_ties(check: Callable[[Ties], None]) -> None:
    async def scenario() -> None:
        source = KernelEvents()
        try:
            check(Ties(Hearing(source, Inbox(), checks_mounts=False)))
        finally:
            source.close()

    asyncio.run(scenario())


def test_a_directory_that_comes_meanwhile_is_listened_to(root: Path) -> None:
    """Between the look at what leads to a path and the listening there"""
    path = root / "made/sub"

    def find() -> frozenset[Name]:
        names = names_behind(str(path))
        path.parent.mkdir(exist_ok=True)
        return names

    def check(ties: Ties) -> None:
        ties.tie(str(path), find)
        assert ties.depending_on(str(path.parent), path.name) == [str(path)]

    _with_ties(check)


def test_a_directory_that_was_away_is_listened_to_again(root: Path) -> None:
    """One that could not be listened to since it was being swapped is heard as soon as it is looked at again"""
    names = frozenset({Name(str(root / "made"), "sub")})

    def check(ties: Ties) -> None:
        ties.tie("path", lambda: names)
        assert ties.is_unheard
        (root / "made").mkdir()
        ties.tie("path", lambda: names)
        assert not ties.is_unheard

    _with_ties(check)


def test_a_link_that_goes_while_it_is_read_breaks_nothing(
    stage: Stage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's `realpath` raises then; the root is looked at all the same"""
    link = root / "link"
    (root / "made").mkdir()
    link.symlink_to(root / "made")
    readlink = os.readlink

    def read_and_lose(path: str) -> str:
        if path == str(link) and sys._getframe(1).f_code.co_filename == os.path.realpath.__code__.co_filename:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return readlink(path)

    monkeypatch.setattr(os, "readlink", read_and_lose)
    shop = stage.begin(watch_set(link))
    save(link / "a.py", "one")
    assert shop.told() == {"a.py": "created"}
    assert not [each for each in stage.records if each.name == "watch.failed"]
