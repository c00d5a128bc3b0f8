"""What a supervisor says: one method for each record, so that its fields stand in one place.

Never decides whether something is said, and never says it anywhere but on the bus.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reloadd.core.inputs import Cause
from reloadd.core.records import Level, Value, make_record
from reloadd.core.starts import Start, Warm
from reloadd.supervise.timings import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reloadd.core.actions import HoldReason
    from reloadd.core.blame import Blame
    from reloadd.core.changes import ChangeSet
    from reloadd.core.exits import ExitStatus
    from reloadd.core.inputs import Why
    from reloadd.core.records import Record
    from reloadd.core.state import State
    from reloadd.profile.model import Profile
    from reloadd.supervise.running import Running

_UNTIL = "a file changes"

_MOST_SHOWN = 1000
"""Paths that a record has: a directory that is removed may have had tens of thousands of files."""


class Reports:
    """Says what happens to one profile's app.

    Args:
        profile: whose.
        publish: the bus.
    """

    def __init__(self, profile: Profile, publish: Callable[[Record], None]) -> None:
        self._name = profile.name
        self._file = profile.file
        self._base = f"{profile.file.parent}{os.sep}"
        self._publish = publish

    def settled(self, changes: ChangeSet) -> None:
        """Files changed."""
        self._say(
            "change.settled",
            paths=self._shown(changes.paths),
            changes=len(changes.changes),
            settled_ms=milliseconds(changes.seen_at, changes.settled_at),
        )

    def ignored(self, path: str, why: str, level: Level | None = None) -> None:
        """A file was written, and nothing is done."""
        self._say("change.ignored", None, level, path=self._relative(path), why=why)

    def postponed(self, changes: ChangeSet, leaders: Sequence[str]) -> None:
        """A change waits for those that the app restarts with."""
        self._say("change.postponed", paths=self._shown(changes.paths), leaders=tuple(leaders), hint=None)

    def spared(self, changes: ChangeSet) -> None:
        """A change waits for somebody who is at a prompt in the app."""
        hint = f"leave the prompt in which the app is stopped, or write `reloadd restart {self._name}`"
        self._say("change.postponed", paths=self._shown(changes.paths), leaders=(), hint=hint)

    def followed(self, leader: str) -> None:
        """The app restarts with another one."""
        self._say("restart.followed", leader=leader)

    def moved(self, before: State, after: State) -> None:
        """The machine's state changed."""
        self._say("supervisor.moved", before=before.value, after=after.value)

    def requested(self, generation: int, why: Why) -> None:
        """A restart begins."""
        self._say("restart.requested", generation, cause=why.cause.value, paths=self._paths(why))

    def spawned(self, generation: int, pid: int, why: Why, start: Start) -> None:
        """A process was started."""
        self._say("child.spawned", generation, pid=pid, cause=why.cause.value, **_told(start))

    def unstartable(self, generation: int, error: Exception) -> str:
        """A process could not be started at all; returns why, in words."""
        words, hint = str(error), f"see `[target]` in `{self._relative(self._file)}`"
        match error:
            case OSError(strerror=str(reason), filename=None):
                words, hint = reason.lower(), "the system has no room for another process: see `ulimit -a`"
            case OSError(strerror=str(reason), filename=named):
                words = f"{reason.lower()}: `{named}`"
        self._say("child.unstartable", generation, error=words, hint=hint)
        return words

    def completed(self, running: Running, why: Why) -> None:
        """The app serves: for the first time, or with new code."""
        generation, pid = running.child.generation, running.child.pid
        fields = running.moments.fields()
        if why.cause is Cause.START:
            self._say("child.ready", generation, pid=pid, took_ms=fields["took_ms"])
            return
        self._say(
            "restart.completed",
            generation,
            pid=pid,
            cause=why.cause.value,
            paths=self._paths(why),
            **_told(running.child.start),
            **fields,
        )

    def abandoned(self, generation: int, why: Why, blame: Blame | None) -> None:
        """The new generation failed; the old one serves on."""
        self._say(
            "restart.abandoned",
            generation,
            cause=why.cause.value,
            paths=self._paths(why),
            **(self._blamed(blame) if blame else {"error": "it did not get to serve", "file": None, "line": None}),
        )

    def paused(self, generation: int, pid: int, took_ms: int | None) -> None:
        """A child accepts no more."""
        self._say("child.paused", generation, pid=pid, took_ms=took_ms)

    def late(self, generation: int, pid: int, after: float) -> None:
        """A child did not serve within `after` seconds, and is ended."""
        self._say("child.late", generation, pid=pid, after_s=after)

    def killed(self, generation: int, pid: int, after: float) -> None:
        """A group was killed `after` seconds after it was told to stop."""
        self._say("child.killed", generation, pid=pid, signal="SIGKILL", after_s=round(after, 3))

    def exited(
        self, generation: int, pid: int, status: ExitStatus, blame: Blame | None, *, asked: bool, uptime: float
    ) -> None:
        """A process ended."""
        is_expected = asked or status.is_success or status.asks_again
        self._say(
            "child.exited",
            generation,
            Level.INFO if is_expected else Level.WARNING,
            pid=pid,
            exit=status.words_if_asked if asked else status.words,
            exit_code=status.code,
            signal=status.signal,
            asked=asked,
            uptime_s=round(uptime, 3),
            **self._blamed(blame),
        )

    def scheduled(self, attempt: int, delay: float) -> None:
        """A failed start is tried again."""
        self._say("restart.scheduled", cause=Cause.EXIT.value, attempt=attempt, delay_s=delay)

    def held(self, reason: HoldReason, attempts: int) -> None:
        """Given up until something changes."""
        self._say("supervisor.held", attempts=attempts, why=reason.value, until=_UNTIL)

    def finished(self) -> None:
        """The app ended by itself, as it may."""
        self._say("supervisor.finished", until=_UNTIL)

    def broke(self, error: Exception, where: str) -> None:
        """Something of ours broke."""
        self._say("daemon.failed", error=repr(error), where=where)

    def _say(self, name: str, generation: int | None = None, level: Level | None = None, /, **fields: Value) -> None:
        self._publish(make_record(name, fields, profile=self._name, generation=generation, level=level))

    def _blamed(self, blame: Blame | None) -> dict[str, str | int | None]:
        return {
            "error": blame.error if blame else None,
            "file": self._relative(blame.file) if blame and blame.file else None,
            "line": blame.line if blame else None,
        }

    def _paths(self, why: Why) -> tuple[str, ...]:
        return self._shown(why.changes.paths) if why.changes is not None else ()

    def _shown(self, paths: Sequence[str]) -> tuple[str, ...]:
        shown = tuple(map(self._relative, paths[:_MOST_SHOWN]))
        return shown if len(paths) <= _MOST_SHOWN else (*shown, f"and {len(paths) - _MOST_SHOWN} more")

    def _relative(self, path: str | Path) -> str:
        """A path as the user would write it in the profile's directory."""
        # The file of an error is as it was imported: `..` may lead out of the directory.
        return os.path.normpath(path).removeprefix(self._base)


def _told(start: Start) -> dict[str, str | None]:
    """The fields that say how a child came to be."""
    if isinstance(start, Warm):
        return {"start": "warm", "source": start.source.value, "why_cold": None}
    return {"start": "cold", "source": None, "why_cold": start.why}
