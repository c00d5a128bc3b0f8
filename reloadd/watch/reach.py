"""Whether a watch set reaches a path: at a glance by names, and for certain by all its rules.

Watches nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reloadd.core.paths import is_within, relative
from reloadd.core.patterns import compile_includes
from reloadd.watch.explain import Verdict, explain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadd.profile.model import WatchSet

_MOST_REMEMBERED = 10_000


class Reach:
    """That of one watch set.

    Args:
        watch_set: whose.
    """

    def __init__(self, watch_set: WatchSet) -> None:
        self._watch_set = watch_set
        self._includes = compile_includes(watch_set.include)
        self._roots = [os.path.normpath(root) for root in watch_set.roots]
        self._left_out: set[str] = set()

    def may_include(self, paths: Iterable[str]) -> bool:
        """Whether one of these absolute paths may be watched, as far as names tell and rules told before. At once."""
        return any(path not in self._left_out and self._is_named(path) for path in paths)

    def includes(self, paths: Iterable[str]) -> bool:
        """Whether one of these absolute paths is watched; reads what .gitignore files say, so it takes a thread."""
        for path in paths:
            if explain(self._watch_set, path).verdict is Verdict.WATCHED:
                return True
            if len(self._left_out) < _MOST_REMEMBERED:
                self._left_out.add(path)
        return False

    def _is_named(self, path: str) -> bool:
        around = [root for root in self._roots if is_within(path, root)]
        return any(path == root or self._includes.matches(relative(path, root)) for root in around)
