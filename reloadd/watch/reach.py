"""Whether a watch set reaches a path: at a glance by names, and for certain by all its rules.

Watches nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reloadd.core.patterns import compile_includes
from reloadd.watch.explain import Verdict, explain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadd.profile.model import WatchSet


def may_reach(watch_set: WatchSet, paths: Iterable[str]) -> bool:
    """Whether one of these absolute paths may be watched, as far as `roots` and `include` tell. Asks no disk."""
    includes = compile_includes(watch_set.include)
    roots = [os.path.normpath(root) for root in watch_set.roots]
    for path in paths:
        for root in roots:
            if path == root or (path.startswith(f"{root}/") and includes.matches(path.removeprefix(f"{root}/"))):
                return True
    return False


def reaches(watch_set: WatchSet, paths: Iterable[str]) -> bool:
    """Whether one of these absolute paths is watched; reads what .gitignore files say of it."""
    return any(explain(watch_set, path).verdict is Verdict.WATCHED for path in paths)
