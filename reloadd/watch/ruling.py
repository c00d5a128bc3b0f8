"""What matters inside one directory to all who look there, so that a name is judged once for all of them.

Mostly no pattern is about a name and all look for the same files: then one search answers, whoever looks. Else each
scope's own rules are asked. Never looks at a file.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from reloadd.watch.ignore import sieve_of
from reloadd.watch.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reloadd.watch.ignore import IgnoreList, Rules
    from reloadd.watch.interest import Scope


class Ruling:
    """The rules of each scope. Directories in which the same rules hold share one.

    Args:
        rules: by scope.
        sieve: what tells apart the names that no pattern in these rules is about; made of them if not given.

    Attributes:
        rules: as given.
        scopes: those that there are rules of.
        reads_gitignore: whether a .gitignore makes rules for any of them.
    """

    __slots__ = ("_common", "_sieve", "reads_gitignore", "rules", "scopes")

    def __init__(self, rules: Mapping[Scope, Rules], sieve: Sieve | None = None) -> None:
        self.rules = rules
        self.scopes = tuple(rules)
        self.reads_gitignore = any(each.reads_gitignore for each in rules.values())
        self._sieve = _sieve_of(rules.values()) if sieve is None else sieve
        self._common = _common(rules.values())

    def scopes_of(self, path: str, name: str, sure: Collection[Scope] = ()) -> tuple[Scope, ...]:
        """Those that a file is in.

        Args:
            path: of the file.
            name: the last one of its path.
            sure: scopes that it is known to be in.
        """
        if self._common is not None:
            if not self._common.include.files.fullmatch(path[len(self._common.prefix) :]):
                return ()
            if not self._sieve.holds(path, name, ""):
                return self.scopes
        within = tuple(scope for scope, rules in self.rules.items() if scope in sure or rules.wants_file(path))
        # The same object for all, for there are many files.
        return self.scopes if len(within) == len(self.scopes) else within

    def entering(self, path: str, name: str) -> Ruling:
        """What comes along to a directory in it, for those scopes that it is to be entered for.

        Args:
            path: of that directory.
            name: the last one of its path.
        """
        if self._common is not None:
            if not self._common.includes(path, is_directory=True):
                return NOBODY
            if not self._sieve.holds(path, name, "/"):
                return self
        rules = {scope: its for scope, its in self.rules.items() if its.wants_directory(path)}
        return self if len(rules) == len(self.rules) else Ruling(rules, self._sieve)

    def inside(self, own: IgnoreList | None) -> Ruling:
        """What holds inside a directory, or a root, that this comes to.

        Args:
            own: what the .gitignore there says, see `IgnoreFiles.inside`.
        """
        if own is None or not self.reads_gitignore:
            return self
        return Ruling({scope: its.inside(own) for scope, its in self.rules.items()}, self._sieve.joined(own.sieve))


def _sieve_of(every: Collection[Rules]) -> Sieve:
    """One for what the scopes exclude, however many those are, with one for each file that makes rules for any."""
    excludes = dict.fromkeys(rules.lists[0] for rules in every)
    files = dict.fromkeys(each for rules in every for each in rules.lists[1:])
    return reduce(Sieve.joined, (each.sieve for each in files), sieve_of(excludes))


def _common(every: Collection[Rules]) -> Rules | None:
    """One whose include globs say of each path here what those of all others do; None if they differ."""
    one = next(iter(every), None)
    return one if one is not None and all(each.includes_like(one) for each in every) else None


NOBODY = Ruling({})
"""A directory that is not to be entered."""
