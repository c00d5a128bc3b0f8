"""How a watch set is looked at: what must be the same for all who share one tree of watches, beside where they look.

Reads the table of mounts and the links on the way to a root, which may take time where a file system does not answer.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.watch.mounts import blind_mount, read_mountinfo

if TYPE_CHECKING:
    from reloadd.profile.model import Backend, WatchSet


@dataclass(frozen=True, slots=True)
class Manner:
    """One tree of watches for each.

    Attributes:
        backend: events, polling, or chosen for each directory.
        poll_interval: seconds between two looks, where polling is used.
        far: the mount points of file systems that somebody else answers for, if roots lie there: one that does not
            answer holds up only those who look at it.
    """

    backend: Backend
    poll_interval: float
    far: frozenset[str]


def manner_of(watch_set: WatchSet, mountinfo: str | None = None) -> Manner:
    """The manner in which a watch set asks to be looked at.

    Args:
        watch_set: of a profile.
        mountinfo: the table's text, for whoever has read it already.
    """
    table = read_mountinfo() if mountinfo is None else mountinfo
    mounts = (blind_mount(os.path.normpath(root), table) for root in watch_set.roots)
    return Manner(
        watch_set.backend, watch_set.poll_interval, frozenset(each.point for each in mounts if each is not None)
    )
