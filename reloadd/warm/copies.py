"""Has a zygote fork off a copy of itself, and waits until that is there. Never decides what becomes of it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from reloadd.core.actions import GIVE_WAY
from reloadd.runtime import wire
from reloadd.supervise.booted import Booted, Opened, open_around, take_on
from reloadd.supervise.processes import Adopted
from reloadd.warm.sayings import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.profile.model import Profile
    from reloadd.supervise.running import Surroundings

_TIMEOUT = 2.0
"""Seconds; it takes some milliseconds."""

_CHUNK = 1 << 12


class Copying:
    """One copy on its way. It is wanted when another process has just been told to go, and gives way to that.

    Args:
        zygote: what it is a copy of.
        profile: whose.
        surroundings: what is shared with other processes.
        on_there: called with the process, and with what it said.
        on_failed: called with a reason, if it does not come to be.
    """

    def __init__(
        self,
        zygote: Booted,
        profile: Profile,
        surroundings: Surroundings,
        *,
        on_there: Callable[[Booted, wire.Frame], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self._zygote = zygote
        self._profile = profile
        self._surroundings = surroundings
        self._on_there = on_there
        self._on_failed = on_failed
        self._received = b""
        self._loop = asyncio.get_running_loop()
        self._opened: Opened | None = None
        self._deadline = self._loop.call_later(GIVE_WAY, self._begin)

    def cancel(self) -> None:
        """Want it no more. It may come to be all the same, and is ended then: its end is ours to take note of."""
        if self._opened is None:
            self._deadline.cancel()
        self._on_there = _end
        self._on_failed = _forget

    def _begin(self) -> None:
        try:
            opened = open_around(self._profile, self._surroundings)
        except OSError as error:
            self._on_failed(reason_of(error))
            return
        opened.ours.settimeout(0)
        self._opened = opened
        self._loop.add_reader(opened.ours, self._read)
        self._deadline = self._loop.call_later(_TIMEOUT, self._fail, f"it was not forked within {_TIMEOUT:g} s")
        ends, notices = opened.around.ends, opened.around.notices
        try:
            given = [opened.theirs.detach(), *map(os.dup, (ends.stdin, ends.stdout, ends.stdout))]
        except OSError as error:
            self._fail(reason_of(error))
        else:
            self._zygote.wire.send("fork", {"environ": dict(notices.environ) if notices is not None else {}}, *given)
        finally:
            ends.close_theirs()

    def _read(self) -> None:
        if self._opened is None:
            return
        try:
            data = self._opened.ours.recv(_CHUNK)
            frames, self._received = wire.split_frames(self._received + data)
            first = next(frames, None)
        except (OSError, ValueError):
            data, first = b"", None
        if first is not None and first["word"] == "parked" and first.get("parent") == os.getpid():
            self._there(first)
        elif first is not None or not data:
            self._fail("it did not come to be a child of the daemon's")

    def _there(self, frame: wire.Frame) -> None:
        if (opened := self._stop()) is not None:
            self._on_there(take_on(self._zygote.plan, Adopted(int(frame["pid"])), opened, self._surroundings), frame)

    def _fail(self, why: str) -> None:
        if (opened := self._stop()) is not None:
            opened.ours.close()
            opened.undo.close()
            self._on_failed(why)

    def _stop(self) -> Opened | None:
        opened, self._opened = self._opened, None
        if opened is not None:
            self._deadline.cancel()
            self._loop.remove_reader(opened.ours)
        return opened


def _end(booted: Booted, _: wire.Frame) -> None:
    booted.discard()


def _forget(_: str) -> None:
    """It did not come to be, and nobody wants it."""
