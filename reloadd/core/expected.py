"""Who is about to notice a change that another app was told of already.

Each app has its own watch, and of one save two watches tell at different moments: mostly within milliseconds, with
polling within its interval. Where it matters who comes first, the other one is expected for a while.

Pure: an `Expected` and what happened in, another one out. All times are seconds of one clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LATEST = 0.25
"""Seconds that a watch which need not poll may notice a save later than another: a walk of 10,000 files, which it may
be busy with, takes 0.1."""


@dataclass(frozen=True, slots=True)
class _Telling:
    """That an app was told of a path.

    Attributes:
        until: when others have been told of it too, if they ever are.
        met: those that were told of it: each telling of one answers to one of another.
    """

    until: float
    met: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expected:
    """The apps that are to notice something, and what all were told of late."""

    _until: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    _tellings: Mapping[tuple[str, str], _Telling] = field(default_factory=lambda: MappingProxyType({}))

    def names(self, now: float) -> frozenset[str]:
        """Those that are expected now."""
        return frozenset(name for name, until in self._until.items() if until > now)

    def told(self, name: str, paths: Collection[str], others: Mapping[str, float], now: float) -> Expected:
        """One was told of a change: those that watch it too, and were not told of it just before, are expected.

        Args:
            name: who was told.
            paths: of what.
            others: those that may notice it as well, and after how many seconds beyond `LATEST`.
            now: when.
        """
        until = {each: moment for each, moment in self._until.items() if each != name and moment > now}
        tellings = {key: each for key, each in self._tellings.items() if each.until > now}
        met = set[str]()
        for other, seconds in others.items():
            answered = [key for path in paths if (key := (other, path)) in tellings and name not in tellings[key].met]
            for key in answered:
                tellings[key] = replace(tellings[key], met=tellings[key].met | {name})
            if answered:
                met.add(other)
            else:
                until[other] = now + LATEST + seconds
        telling = _Telling(now + LATEST + max(others.values(), default=0.0), frozenset(met))
        tellings |= {(name, path): telling for path in paths}
        return Expected(MappingProxyType(until), MappingProxyType(tellings))

    def without(self, *names: str) -> Expected:
        """These have noticed it, or never will."""
        return replace(self, _until=MappingProxyType({k: v for k, v in self._until.items() if k not in names}))
