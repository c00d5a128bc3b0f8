"""Where the walk begins: the root of each scope, what decides which directory that is, and the rules from above it.

A root is found by its name in the directory above it and by the links on its way; a .gitignore above it makes rules for
it. Enters nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reloadd.core.paths import is_within
from reloadd.watch.ignore import IgnoreFiles, ignore_files_above, lists_above, rules_above
from reloadd.watch.links import names_behind, real_path
from reloadd.watch.repository import repository_around
from reloadd.watch.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reloadd.watch.hearing import Hearing
    from reloadd.watch.ignore import Rules
    from reloadd.watch.interest import Scope
    from reloadd.watch.links import Name
    from reloadd.watch.repository import Repository


class Roots:
    """The roots of all scopes.

    Args:
        hearing: what listens.

    Attributes:
        at: the scopes of each root.
        holders: the directories that hold a root.
        ties: each root, tied to the names that it is found by.
        files: what reads git's files.
    """

    def __init__(self, hearing: Hearing) -> None:
        self.at: dict[str, tuple[Scope, ...]] = {}
        self.holders: frozenset[str] = frozenset()
        self.ties = Ties(hearing)
        self.files = IgnoreFiles()
        self._globs: dict[Scope, tuple[str, ...]] = {}
        self._above: dict[Scope, Rules] = {}
        self._repositories: dict[str, Repository] = {}
        self._real: dict[str, str] = {}

    def repositories(self) -> Collection[Repository]:
        """Those that the roots lie in."""
        return self._repositories.values()

    def is_about(self, point: str) -> bool:
        """Whether what is at or below this path, without links, is a part of a root, or holds one."""
        return any(is_within(point, root) or is_within(root, point) for root in tuple(self._real.values()))

    def rules(self, scope: Scope) -> Rules:
        """Those that come to its root from above."""
        return self._above[scope]

    def look_in(self, globs: Mapping[Scope, tuple[str, ...]]) -> set[str]:
        """Look in these scopes, for these files, and in no others.

        Returns:
            The roots whose scopes or globs are other ones than before, so that there may be other files below them.
        """
        another = {scope.root for scope in self._globs.keys() ^ globs.keys()}
        for scope, those in globs.items():
            if set(self._globs.get(scope, ())) != set(those):
                another.add(scope.root)
                known = self._above.get(scope)
                # The lists stay the same objects, by which it is known that they say the same.
                self._above[scope] = (
                    rules_above(scope.root, those, scope.exclude, gitignore=scope.gitignore)
                    if known is None
                    else known.including(those)
                )
        self._globs = dict(globs)
        self._above = {scope: self._above[scope] for scope in globs}
        at: dict[str, tuple[Scope, ...]] = {}
        for scope in globs:
            at[scope.root] = (*at.get(scope.root, ()), scope)
        for root in self.at.keys() - at.keys():
            self.ties.untie(root)
            self._repositories.pop(root, None)
            self._real.pop(root, None)
        # Those who hold it see the change.
        self.at.clear()
        self.at.update(at)
        self.holders = frozenset(map(os.path.dirname, at))
        return another

    def renew(self, root: str) -> None:
        """Find out anew what decides about a root, before it is looked at."""
        self._real[root] = real_path(root)
        repository = repository_around(root)
        if repository is None:
            self._repositories.pop(root, None)
        else:
            self._repositories[root] = repository
        self.ties.tie(root, lambda: names_behind(root) | self._names_of_rules(root, repository))
        self._above.update(self._rules_now(root, repository))

    def is_another(self, root: str) -> bool:
        """Whether other rules than were read come to a root from above."""
        rules = self._rules_now(root, repository_around(root))
        return any(rules[scope] != self._above[scope] for scope in self.at[root])

    def _rules_now(self, root: str, repository: Repository | None) -> dict[Scope, Rules]:
        """Those of a root's scopes, with what the files above it say now, which are read once for all of them."""
        reads_gitignore = any(scope.gitignore for scope in self.at[root])
        lists = lists_above(root, repository, self.files) if reads_gitignore else ()
        return {scope: self._above[scope].below(lists) for scope in self.at[root]}

    def _names_of_rules(self, root: str, repository: Repository | None) -> frozenset[Name]:
        """The files above the root that may make rules for it, there or not."""
        if not any(scope.gitignore for scope in self.at[root]):
            return frozenset()
        files = [] if repository is None else [file for file, _ in ignore_files_above(root, repository)]
        # A repository may be made, or go: in the directory above, which is listened to anyway.
        files.append(os.path.join(os.path.dirname(root), ".git"))
        return frozenset(name for file in files for name in names_behind(file))
