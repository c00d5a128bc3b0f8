"""Names outside a tree that decide what its paths mean, and the listening to them.

A root is found by its name in the directory above, a link through each name on its way, and a .gitignore above the root
makes rules for it. Says which paths to look at again, and looks at none itself.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reloadd.watch.inbox import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reloadd.watch.hearing import Hearing
    from reloadd.watch.inbox import Subscription
    from reloadd.watch.links import Name


class Ties:
    """Paths of a tree, each tied to the names that it depends on.

    Args:
        hearing: what listens.
    """

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._names: dict[str, frozenset[Name]] = {}
        self._paths: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._listening: dict[str, tuple[frozenset[str], Subscription | None]] = {}
        self._deaf: set[str] = set()

    @property
    def is_unheard(self) -> bool:
        """Whether a directory that matters could not be listened to."""
        return bool(self._deaf)

    def tie(self, path: str, find: Callable[[], frozenset[Name]]) -> None:
        """Let `path` depend on the names that are found, and on none that it depended on before.

        They are found again once they are listened to: a directory on the way that came in between was not heard, and
        with it what is in it would be missed.
        """
        if self._hearing.is_deaf:
            return
        names = None
        while (found := find()) != names:
            names = found
            self._tie(path, names)

    def _tie(self, path: str, names: frozenset[Name]) -> None:
        before = self._names.get(path, frozenset())
        self._names[path] = names
        for name in names - before:
            self._paths[name.directory][name.name].add(path)
        for name in before - names:
            self._release(name, path)
        self._listen_in({name.directory for name in names | before})

    def untie(self, path: str) -> None:
        """Let `path` depend on nothing."""
        names = self._names.pop(path, frozenset())
        for name in names:
            self._release(name, path)
        self._listen_in({name.directory for name in names})

    def _release(self, name: Name, path: str) -> None:
        paths = self._paths[name.directory][name.name]
        paths.discard(path)
        if not paths:
            del self._paths[name.directory][name.name]

    def _listen_in(self, directories: Iterable[str]) -> None:
        """Listen in those directories of which a name matters, and no longer in the others."""
        for directory in directories:
            names: frozenset[str] = frozenset(self._paths.get(directory, ()))
            known = self._listening.get(directory)
            # One that could not be listened to may be by now: it may have been away while a root was swapped.
            if known is not None and known[0] == names and known[1] is not None:
                continue
            if names:
                self._listen(directory, names)
            else:
                del self._paths[directory], self._listening[directory]
                self._deaf.discard(directory)
            if known is not None and known[1] is not None:
                known[1].close()

    def _listen(self, directory: str, names: frozenset[str]) -> None:
        subscription = self._hearing.listen(directory, Purpose.NAMES, names)
        self._listening[directory] = (names, subscription)
        if subscription is None:
            self._deaf.add(directory)
        else:
            self._deaf.discard(directory)

    def renew(self) -> None:
        """Listen anew everywhere, so that a directory that has become another one is heard."""
        for directory, (heard, before) in list(self._listening.items()):
            self._listen(directory, heard)
            if before is not None:
                before.close()

    def unheard(self) -> list[str]:
        """The paths that depend on a name in a directory that could not be listened to."""
        return sorted({path for directory in self._deaf for path in self.depending_on(directory, "")})

    def depending_on(self, directory: str, name: str) -> list[str]:
        """The paths to look at when this name has changed; an empty name stands for the directory itself."""
        names: Mapping[str, set[str]] = self._paths.get(directory, {})
        if not name:
            return sorted(set().union(*names.values()))
        return sorted(names.get(name, ()))

    def close(self) -> None:
        """Depend on nothing."""
        for path in list(self._names):
            self.untie(path)
