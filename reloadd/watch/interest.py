"""What profiles that share a walk differ in: where they look, what is left out there, and which files matter to each.

Pure: compiles globs and compares watch sets; never looks at a file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from reloadd.core.paths import prefix_of
from reloadd.core.patterns import Includes, compile_includes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reloadd.profile.model import WatchSet


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Scope:
    """One root and what is left out below it. Equal only to itself, so that comparing takes no time: see `Scopes`.

    Attributes:
        root: absolute.
        exclude: patterns in .gitignore's syntax.
        gitignore: whether what .gitignore files name is left out too.
    """

    root: str
    exclude: tuple[str, ...]
    gitignore: bool
    _prefix: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_prefix", len(prefix_of(self.root)))

    def relative(self, path: str) -> str:
        """A path below the root, as globs see it."""
        return path[self._prefix :]


class Shift(NamedTuple):
    """Whose view of a place has changed in another way than its files have.

    Mostly there are none: a file that comes into a scope was created, and one that leaves it was left out by a rule.

    Attributes:
        revealed: scopes whose rules have only now let it in. It was there before, so to them that is no change.
        severed: scopes that have lost it though their rules let it in, so that to them it is gone.
        uncovered: those among the revealed whose rules let it in since the .gitignore that left it out has gone.
    """

    revealed: frozenset[Scope] = frozenset()
    severed: frozenset[Scope] = frozenset()
    uncovered: frozenset[Scope] = frozenset()

    def revealing(self, scopes: Iterable[Scope]) -> Shift:
        """This, and it is revealed to these."""
        return self._replace(revealed=self.revealed.union(scopes))

    def severing(self, scopes: Iterable[Scope]) -> Shift:
        """This, and it is severed from these."""
        return self._replace(severed=self.severed.union(scopes))

    def sparing(self, scopes: frozenset[Scope]) -> Shift:
        """This, but it is severed from none of these."""
        return self._replace(severed=self.severed - scopes) if scopes else self

    def uncovering(self, scopes: Collection[Scope]) -> Shift:
        """This, and it is uncovered for these."""
        return self.revealing(scopes)._replace(uncovered=self.uncovered.union(scopes))

    def joined(self, other: Shift) -> Shift:
        """Both at once."""
        return Shift(self.revealed | other.revealed, self.severed | other.severed, self.uncovered | other.uncovered)


NO_SHIFT = Shift()


class Scopes:
    """All scopes, each made once, so that who looks in the same way at the same place shares one."""

    def __init__(self) -> None:
        # Those of whom nobody looks there any more are forgotten.
        self._made = WeakValueDictionary[tuple[str, tuple[str, ...], bool], Scope]()

    def of(self, watch_set: WatchSet) -> tuple[Scope, ...]:
        """Those of a watch set, in its roots' order, each once."""
        keys = ((os.path.normpath(root), watch_set.exclude, watch_set.gitignore) for root in watch_set.roots)
        return tuple(dict.fromkeys(self._made.setdefault(key, Scope(*key)) for key in keys))


@dataclass(frozen=True, slots=True, eq=False)
class Interest:
    """The files that matter to one audience. Equal only to itself, so that one that comes back begins anew.

    Attributes:
        scopes: where it looks.
        include: globs, relative to each of the roots, as they were written.
        includes: the same, compiled.
    """

    scopes: tuple[Scope, ...]
    include: tuple[str, ...]
    includes: Includes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "includes", compile_includes(self.include))

    def scopes_of(self, path: str, scopes: Collection[Scope]) -> list[Scope]:
        """Those in which a file matters that is in these, which is to say ignored by none of them.

        A root that is a file matters whatever its name.
        """
        matches = self.includes.matches
        return [
            scope for scope in self.scopes if scope in scopes and (path == scope.root or matches(scope.relative(path)))
        ]


def globs_of(interests: Iterable[Interest]) -> dict[Scope, tuple[str, ...]]:
    """For each scope what matters to any who look there: the walk is made for all of them."""
    globs: dict[Scope, dict[str, None]] = {}
    for interest in interests:
        for scope in interest.scopes:
            globs.setdefault(scope, {}).update(dict.fromkeys(interest.include))
    return {scope: tuple(each) for scope, each in globs.items()}
