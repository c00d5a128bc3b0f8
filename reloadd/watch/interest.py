"""What profiles that share a walk differ in: the files that matter to each, out of all that are looked at.

Pure: compiles globs and compares watch sets; never looks at a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reloadd.core.patterns import Includes, compile_includes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadd.profile.model import WatchSet


@dataclass(frozen=True, slots=True, eq=False)
class Interest:
    """The include globs of one audience. Equal only to itself, so that one that comes back begins anew.

    Attributes:
        include: as they were written.
        includes: compiled.
    """

    include: tuple[str, ...]
    includes: Includes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "includes", compile_includes(self.include))


def ground_of(watch_set: WatchSet) -> WatchSet:
    """What must be equal for a walk to be shared: all but the include globs, the pace, and what the app imports."""
    return replace(watch_set, include=(), settle=None, imported=True)


def union_of(interests: Iterable[Interest]) -> Includes:
    """What matters to any of them."""
    return compile_includes(dict.fromkeys(glob for each in interests for glob in each.include))
