"""Which apps are about to notice a change that another app was told of already.

Each app has its own watch, and two watches report one save at different moments: mostly within milliseconds, with
polling within its interval. Where it matters who comes first, the other app is expected to notice it for a while.

Pure: an `Expected` and what happened in, the next one out. All times are seconds of one clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LATEST = 0.25
"""Seconds by which a watch that does not poll may notice a save later than another. It may be busy with a walk, which
takes 0.1 s for 10,000 files."""


@dataclass(frozen=True, slots=True)
class _Telling:
    """An app was told of a change of a path.

    Attributes:
        until: when every other app has been told of it, too, if it ever is.
        met: the apps that were told of it since: the two tellings are of the same save.
    """

    until: float
    met: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expected:
    """The apps that are expected to notice something, and what each app was told of lately."""

    _until: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    _tellings: Mapping[tuple[str, str], _Telling] = field(default_factory=lambda: MappingProxyType({}))

    def names(self, now: float) -> frozenset[str]:
        """The apps that are expected to notice something now."""
        return frozenset(name for name, until in self._until.items() if until > now)

    def told(self, name: str, paths: Collection[str], others: Mapping[str, float], now: float) -> Expected:
        """Note that an app was told of a change: the others that watch it are expected, unless just told of it, too.

        Args:
            name: the app that was told.
            paths: what changed.
            others: the apps that may notice it as well, and how many seconds later than `LATEST`.
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
        """Without these apps, which have noticed it, or never will."""
        return replace(self, _until=MappingProxyType({k: v for k, v in self._until.items() if k not in names}))
