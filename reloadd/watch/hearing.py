"""Listening where events can be had, and knowing where they cannot: those parts of a tree are polled.

Keeps no tree and looks at no file's content.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from reloadd.watch.inbox import Inbox, Purpose, Subscriber
from reloadd.watch.mounts import blind_mount, mounted_files, read_mountinfo

if TYPE_CHECKING:
    from reloadd.watch.inbox import Source, Subscription

LIMITS = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM})
"""What stops us from listening to a directory that is there: inotify_add_watch(2), inotify_init(2)."""


class Hearing:
    """The subscriptions of all who look in the same manner.

    Args:
        source: where events come from; None to hear nothing and poll everything.
        inbox: where events go.
        checks_mounts: whether to know of places where the kernel's events are blind.
    """

    def __init__(self, source: Source | None, inbox: Inbox, *, checks_mounts: bool) -> None:
        self._source = source
        self._inbox = inbox
        self._checks_mounts = checks_mounts
        self._blind: dict[int, bool] = {}
        self._mountinfo: str | None = None
        self._refused: dict[int, list[str]] = {}

    @property
    def is_deaf(self) -> bool:
        """Whether no events come from anywhere."""
        return self._source is None

    def listen(self, directory: str, purpose: Purpose, names: frozenset[str] | None = None) -> Subscription | None:
        """Subscribe to a directory; None where there is nothing to be heard, and why is noted."""
        if self._source is None:
            return None
        try:
            return self._source.listen(Subscriber(self._inbox, purpose, directory, names))
        except OSError as error:
            if error.errno in LIMITS:
                self.refuse(directory, error.errno or 0)
            return None

    def take_refused(self) -> dict[int, list[str]]:
        """Directories that could not be listened to since the last call, by error number."""
        if not self._refused:
            return {}
        refused, self._refused = self._refused, {}
        return refused

    def forget_mounts(self) -> None:
        """Read the mounts anew when next asked."""
        self._blind.clear()
        self._mountinfo = None

    def mounted_files(self, directory: str) -> frozenset[str]:
        """The files below a directory whose changes cause no event there, since they are mounted one by one."""
        if self._source is None or not self._checks_mounts:
            return frozenset()
        return frozenset(mounted_files(directory, self._mounts()))

    def refuse(self, directory: str, number: int) -> None:
        """Take note that a directory cannot be looked into."""
        self._refused.setdefault(number, []).append(directory)

    def is_blind(self, directory: str, device: int) -> bool:
        """Whether others write to its file system behind the kernel's back, so that it must be polled as well.

        Args:
            directory: where it is.
            device: on which it is, as stat says.
        """
        return self._checks_mounts and self._is_far(directory, device)

    def is_far(self, directory: str) -> bool:
        """Whether others than this kernel know what happens on its file system."""
        try:
            return self._is_far(directory, os.stat(directory).st_dev)
        except OSError:
            return False

    def _is_far(self, directory: str, device: int) -> bool:
        if device not in self._blind:
            self._blind[device] = blind_mount(directory, self._mounts()) is not None
        return self._blind[device]

    def _mounts(self) -> str:
        """The table, read once until `forget_mounts`."""
        if self._mountinfo is None:
            self._mountinfo = read_mountinfo()
        return self._mountinfo
