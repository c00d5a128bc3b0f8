"""Who is told that a part of what it watches cannot be listened to, and is polled: each limit once.

Keeps the directories that were refused; listens to none and looks at none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.paths import is_within
from reloadd.core.records import record
from reloadd.watch.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reloadd.core.records import Record
    from reloadd.watch.audience import Audience

MOST_NAMED = 5
"""Directories that a record names: at a limit of the kernel's there may be thousands."""


class Refusals:
    """All that one shared watch met with."""

    def __init__(self) -> None:
        self._directories: dict[int, set[str]] = {}

    def add(self, refused: Mapping[int, Iterable[str]]) -> None:
        """Take note of directories that could not be listened to, by error number."""
        for number, directories in refused.items():
            self._directories.setdefault(number, set()).update(directories)

    def news_for(self, audience: Audience) -> list[Record]:
        """What an audience has to be told, and counts as told from now on."""
        concerned = {
            number: self._concerning(audience, number) for number in self._directories.keys() - audience.degraded
        }
        news = {number: directories for number, directories in concerned.items() if directories}
        audience.degraded.update(news)
        return [_record(number, directories) for number, directories in news.items()]

    def told_to(self, audience: Audience) -> list[Record]:
        """What an audience was told, for one more of its members."""
        return [_record(number, self._concerning(audience, number)) for number in sorted(audience.degraded)]

    def _concerning(self, audience: Audience, number: int) -> list[str]:
        """The directories that lie below its roots, or that its roots lie in."""
        roots = [scope.root for scope in audience.interest.scopes]
        return sorted(
            each
            for each in self._directories[number]
            if any(is_within(each, root) or is_within(root, each) for root in roots)
        )


def _record(number: int, directories: list[str]) -> Record:
    limit, rest = limit_of(number), len(directories) - MOST_NAMED
    paths = (*directories[:MOST_NAMED], f"and {rest} more") if rest > 0 else tuple(directories)
    return record("watch.degraded", paths=paths, error=limit.error, hint=limit.hint)
