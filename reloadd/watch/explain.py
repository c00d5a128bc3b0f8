"""Why a path is watched or not: the first rule, from the root down, that decides.

Reads .gitignore files and the table of mounts, and asks of the path whether it is a directory; watches nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.paths import is_within, relative
from reloadd.core.patterns import compile_includes
from reloadd.profile.model import Backend
from reloadd.watch.base import Means
from reloadd.watch.ignore import IgnoreFiles, lists_above, rules_above
from reloadd.watch.mounts import blind_file_system
from reloadd.watch.repository import repository_around

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.profile.model import WatchSet


class Verdict(Enum):
    """What a watch set makes of a path; the value is for programs."""

    WATCHED = "watched"
    OUTSIDE = "outside"
    NOT_INCLUDED = "not-included"
    EXCLUDED = "excluded"
    IGNORED_BY_GIT = "ignored-by-git"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What decides about one path in one watch set.

    Attributes:
        path: absolute.
        verdict: whether it is watched, and by what kind of rule.
        root: the root that it lies below; None outside of all.
        rule: the glob or pattern that decides; None where none does: no `include` matches, or the path is a root.
        file: the file where the rule stands; None for the profile's own `include` and `exclude`.
        line: the rule's line in that file, from 1; else its position among the watch set's own, from 0.
        decided_at: the path itself, or the directory above it that is not entered.
        means: by what a change of it would be seen; None if it is not watched.
    """

    path: str
    verdict: Verdict
    root: str | None = None
    rule: str | None = None
    file: str | None = None
    line: int | None = None
    decided_at: str | None = None
    means: Means | None = None


def explain(watch_set: WatchSet, path: str) -> Explanation:
    """Say whether `path`, absolute, is watched and why. It need not exist.

    Of several roots that it lies below, the first one in which it is watched counts, else the first one.
    """
    path = os.path.normpath(path)
    roots = [os.path.normpath(root) for root in watch_set.roots]
    found = [_explain_below(watch_set, root, path) for root in roots if is_within(path, root)]
    if not found:
        return Explanation(path, Verdict.OUTSIDE)
    return next((each for each in found if each.verdict is Verdict.WATCHED), found[0])


def _explain_below(watch_set: WatchSet, root: str, path: str) -> Explanation:
    if path == root:
        return Explanation(path, Verdict.WATCHED, root, decided_at=path, means=_means_for(watch_set, path))
    files = IgnoreFiles()
    rules = rules_above(root, watch_set.include, watch_set.exclude, gitignore=watch_set.gitignore)
    rules = rules.below(lists_above(root, repository_around(root), files))
    for here, is_directory in _steps(root, path):
        rules = rules.inside(files.inside(os.path.dirname(here)))
        pattern = rules.pattern_for(here, is_directory=is_directory)
        if not rules.includes(here, is_directory=is_directory):
            return Explanation(path, Verdict.NOT_INCLUDED, root, decided_at=here)
        if rules.ignores(here, is_directory=is_directory) and pattern is not None:
            verdict = Verdict.EXCLUDED if pattern.file is None else Verdict.IGNORED_BY_GIT
            return Explanation(path, verdict, root, pattern.text, pattern.file, pattern.line, here)
    position, glob = _include_for(watch_set, root, path)
    return Explanation(
        path, Verdict.WATCHED, root, glob, None, position, decided_at=path, means=_means_for(watch_set, path)
    )


def _steps(root: str, path: str) -> Iterator[tuple[str, bool]]:
    """Each directory from the root down to the path, which comes last; with each, whether it is a directory."""
    names = relative(path, root).split("/")
    here = root
    for number, name in enumerate(names, start=1):
        here = os.path.join(here, name)
        yield here, number < len(names) or os.path.isdir(here)


def _include_for(watch_set: WatchSet, root: str, path: str) -> tuple[int | None, str | None]:
    """The first glob that matches a file; for a directory there is none."""
    matching = (
        pair for pair in enumerate(watch_set.include) if compile_includes([pair[1]]).matches(relative(path, root))
    )
    return next(matching, (None, None))


def _means_for(watch_set: WatchSet, path: str) -> Means:
    match watch_set.backend:
        case Backend.AUTO:
            return Means.BOTH if blind_file_system(os.path.dirname(path)) else Means.EVENTS
        case Backend.EVENTS:
            return Means.EVENTS
        case Backend.POLL:
            return Means.POLL
