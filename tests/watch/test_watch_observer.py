"""The source of events for systems without inotify, run here on watchdog's public observer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reloadd.watch.observer import ObserverEvents
from tests.support.watching import Observed, Stage, save, save_by_rename, watch_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# On Linux the public observer now and then warns of what it does itself, when directories are made one upon the other.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")


@pytest.fixture
def shop(root: Path) -> Iterator[Observed]:
    """A watch that hears of events through the observer alone."""
    (root / "sub").mkdir()
    save(root / "sub/a.py", "one")
    events = ObserverEvents()
    with Stage() as stage:
        stage.watcher._events = events
        yield stage.begin(watch_set(root))
    assert not events._observer.is_alive()


def test_saves_are_told(shop: Observed) -> None:
    """In place, by rename, created and deleted, at any depth"""
    root = shop.roots[0]
    save(root / "sub/a.py", "two")
    assert shop.told() == {"sub/a.py": "modified"}
    save_by_rename(root / "sub/a.py", "three")
    assert shop.told() == {"sub/a.py": "modified"}
    save(root / "b.py", "one")
    assert shop.told() == {"b.py": "created"}
    (root / "b.py").unlink()
    assert shop.told() == {"b.py": "deleted"}


def test_new_directories_are_told(shop: Observed) -> None:
    """What is in them is found by looking"""
    root = shop.roots[0]
    (root / "x/y").mkdir(parents=True)
    save(root / "x/y/a.py", "one")
    assert shop.told() == {"x/y/a.py": "created"}
    save(root / "x/y/a.py", "two")
    assert shop.told() == {"x/y/a.py": "modified"}


def test_what_is_excluded_is_not_told(shop: Observed) -> None:
    """It is heard of, and not minded"""
    root = shop.roots[0]
    (root / "node_modules").mkdir()
    save(root / "node_modules/a.py", "one")
    shop.has_told_nothing()
