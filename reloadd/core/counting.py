"""How many paths match each of many sets of globs, for little more than what the different globs cost.

Profiles that share a tree mostly differ in a glob or two. A glob that ends in `.py` can only match names that do. So
the paths are divided by what follows their last dot, and each part is matched once with each selection of globs that
can match there. Pure text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.patterns import compile_includes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MAGIC = frozenset("*?[]")


def count_matching(paths: Iterable[str], sets_of_globs: Iterable[Sequence[str]]) -> list[int]:
    """How many of these paths, relative to a root, match each of the sets.

    Args:
        paths: each once.
        sets_of_globs: see `compile_includes`.
    """
    parts: dict[str, list[str]] = {}
    for path in paths:
        parts.setdefault(_ending(path), []).append(path)
    counted: dict[tuple[str, frozenset[str]], int] = {}

    def count(ending: str, globs: frozenset[str]) -> int:
        if not globs:
            return 0
        if (ending, globs) not in counted:
            counted[ending, globs] = sum(map(compile_includes(globs).matches, parts[ending]))
        return counted[ending, globs]

    counts = []
    for globs in sets_of_globs:
        endings = {glob: ending_of(glob) for glob in globs}
        counts.append(
            sum(count(part, frozenset(glob for glob in globs if endings[glob] in {None, part})) for part in parts)
        )
    return counts


def ending_of(glob: str) -> str | None:
    """What follows the last dot of every name that a glob matches, empty if they have none; None if they differ."""
    name = glob.rpartition("/")[2]
    ending = name.rpartition(".")[2]
    if not name or not _MAGIC.isdisjoint(ending):
        return None
    # A `]` behind the last dot was found just now, so that this dot stands for itself.
    return _ending(name)


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2] if "." in name else ""
