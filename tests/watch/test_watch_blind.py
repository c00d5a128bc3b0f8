"""Where events do not tell everything: another backend, or a look now and then."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.core import rounds
from reloadd.profile.model import Backend
from reloadd.watch import mounts
from reloadd.watch.base import Means
from tests.support.watching import save, watch_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.watching import Stage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the table of mounts and inotify are Linux's")


@pytest.mark.parametrize(
    ("backend", "expected"), [(Backend.AUTO, Means.BOTH), (Backend.EVENTS, Means.EVENTS), (Backend.POLL, Means.POLL)]
)
def test_a_network_file_system_is_polled(
    stage: Stage, root: Path, monkeypatch: pytest.MonkeyPatch, backend: Backend, expected: Means
) -> None:
    """In addition to what events tell, unless the profile insists on one of both"""
    table = root.parent / "mountinfo"
    save(table, f"30 22 0:40 / {root.parent} rw shared:5 - nfs4 server:/export rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", table)
    shop = stage.begin(watch_set(root, backend=backend))
    assert shop.watch.statistics().means is expected
    save(root / "a.py", "one")
    assert shop.told() == {"a.py": "created"}


def test_a_local_file_system_is_listened_to(stage: Stage, root: Path) -> None:
    """Without being asked, events are taken where they can be had"""
    assert stage.begin(watch_set(root, backend=Backend.AUTO)).watch.statistics().means is Means.EVENTS


def test_what_no_event_tells_is_found_in_time(stage: Stage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin by hard link that is edited elsewhere changes the file, and nobody hears of it"""
    monkeypatch.setattr(rounds, "SWEEP_TIME", 0.05)
    save(root / "a.py", "one")
    twin = root.parent / "twin.py"
    os.link(root / "a.py", twin)
    shop = stage.begin(watch_set(root))
    save(twin, "two")
    assert shop.told() == {"a.py": "modified"}
