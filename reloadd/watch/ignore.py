"""Which files matter and which directories are entered: the include globs, `exclude`, and what git is told to ignore.

`exclude` wins over .gitignore both ways, so that `!generated.py` brings back a file that git ignores; a nearer
.gitignore wins over a farther one: gitignore(5). Everything is asked from the root downward, and nothing below an
ignored directory is ever asked about.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from reloadd.core.paths import prefix_of
from reloadd.core.patterns import Includes, compile_includes
from reloadd.watch.repository import Repository, personal_exclude_file
from reloadd.watch.sieve import Sieve, make_sieve, on_one_line
from reloadd.watch.signature import Signature, signature_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

GITIGNORE = ".gitignore"

MADE_BY = frozenset({GITIGNORE, ".git"})
"""Names in a directory that make rules for it: the second since it says where a repository begins."""

_OR_BELOW, _BELOW = "(?:(?P<ps_d>/)|$)", "(?P<ps_d>/)"
"""How an expression of pathspec's ends, so that it also finds whatever lies below what a pattern names."""

_CLASS = re.compile(r"(?<!\\)\[(?!\^/\])\^?\]?[^\]]*\]")
"""A class in such an expression, but for the one that stands for anything but a slash."""

_ALL_INSIDE = re.compile(r"/\*\*(/?) *$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern, as it was written.

    Attributes:
        text: the line.
        file: where it stands; None for one of the watch set's own `exclude`.
        line: its number in the file, from 1, or its position in `exclude`, from 0.
    """

    text: str
    file: str | None
    line: int


class Line(NamedTuple):
    """One pattern, compiled."""

    place: int
    ignores: bool
    expression: re.Pattern[str]


@dataclass(frozen=True, eq=False)
class IgnoreList:
    """Patterns in .gitignore's syntax and the directory that they are relative to. Equal only to itself.

    Attributes:
        lines: the last one first, since that is the one that decides.
    """

    lines: tuple[Line, ...]
    _base: str
    _file: str | None
    _written: tuple[str, ...]

    def verdict(self, path: str, *, is_directory: bool) -> bool | None:
        """Whether `path`, which lies below the base, is ignored; None if no pattern is about it.

        Of one that lies below an ignored directory nothing is known here: the directory is to be asked about first.
        """
        decisive = self._last_about(path, is_directory=is_directory)
        return None if decisive is None else decisive.ignores

    def pattern_for(self, path: str, *, is_directory: bool) -> Pattern | None:
        """The pattern that decides about `path`; None if none is about it."""
        decisive = self._last_about(path, is_directory=is_directory)
        if decisive is None:
            return None
        place = decisive.place
        return Pattern(self._written[place], self._file, place if self._file is None else place + 1)

    def is_above(self, path: str) -> bool:
        """Whether `path` lies below the base."""
        return path.startswith(self._base)

    @cached_property
    def sieve(self) -> Sieve:
        """What tells apart the names that no pattern here is about."""
        return sieve_of([self])

    def expressions(self) -> Iterator[tuple[int, str]]:
        """What the patterns were translated to, as `make_sieve` takes it."""
        return ((len(self._base), line.expression.pattern) for line in self.lines)

    def _last_about(self, path: str, *, is_directory: bool) -> Line | None:
        ending = "/" if is_directory else ""
        if not self.sieve.holds(path, os.path.basename(path), ending):
            return None
        relative = on_one_line(path[len(self._base) :]) + ending
        return next((line for line in self.lines if line.expression.search(relative)), None)


def sieve_of(lists: Collection[IgnoreList]) -> Sieve:
    """What tells apart the names that no pattern in any of these lists is about."""
    return make_sieve(expression for each in lists for expression in each.expressions())


def compile_ignore_list(base: str, lines: Iterable[str], file: str | None = None) -> IgnoreList:
    """Compile patterns that are relative to the directory `base`. As in git, a line that is no pattern says nothing.

    Args:
        base: absolute.
        lines: one pattern each, or a comment, or nothing.
        file: where they stand; None for the watch set's own.
    """
    written = tuple(lines)
    compiled = ((place, _compiled(text)) for place, text in enumerate(written))
    in_order = [Line(place, *pattern) for place, pattern in compiled if pattern is not None]
    return IgnoreList(tuple(reversed(in_order)), prefix_of(base), file, written)


@lru_cache(maxsize=1024)  # most profiles exclude the same and a few names of their own
def _compiled(text: str) -> tuple[bool, re.Pattern[str]] | None:
    """Whether a line ignores, and what it is about; None if it is no pattern.

    pathspec's expressions also find what lies below what a pattern names, and take `a/**` to name `a` itself. To git
    a pattern is about what it names and nothing else: who comes to `a/b` was let into `a` before, perhaps by a later
    pattern, and is not let into `a/b` by that. Nor does a class stand for a slash there, as `[!a]` does in pathspec's.
    """
    try:
        expression, ignores = GitIgnoreSpecPattern.pattern_to_regex(_ALL_INSIDE.sub(r"/**/*\1", text))
    except GitIgnorePatternError:
        return None
    if expression is None or ignores is None:
        return None
    expression = _CLASS.sub(r"(?!/)\g<0>", expression.replace(_OR_BELOW, "/?$").replace(_BELOW, "/$"))
    return ignores, re.compile(expression)


@dataclass(frozen=True, slots=True, eq=False)
class IgnoreFiles:
    """Reads .gitignore files, each again only when it has changed: the same list means the same file."""

    _read: dict[str, tuple[Signature, IgnoreList]] = field(default_factory=dict)

    def list_of(self, file: str, base: str) -> IgnoreList | None:
        """The patterns in `file`, relative to `base`; None if there is no such file."""
        try:
            signature = signature_of(os.stat(file))
            if signature is None:
                return None
            known = self._read.get(file)
            if known is None or known[0] != signature:
                with open(file, encoding="utf-8-sig", errors="surrogateescape") as text:
                    known = (signature, compile_ignore_list(base, text.read().splitlines(), file))
                self._read[file] = known
        except OSError:
            self._read.pop(file, None)
            return None
        return known[1]

    def inside(self, directory: str) -> IgnoreList | None:
        """What a directory's own .gitignore says."""
        return self.list_of(os.path.join(directory, GITIGNORE), directory)

    def forget(self, directory: str) -> bool:
        """Keep nothing of a directory's own .gitignore; whether one was read there."""
        return self._read.pop(os.path.join(directory, GITIGNORE), None) is not None


@dataclass(frozen=True, slots=True)
class Rules:
    """What matters inside one directory of a root. Two are equal if no file that they came of has changed.

    Attributes:
        reads_gitignore: whether .gitignore files count.
        lists: of what does not matter, nearest first, behind `exclude`.
        prefix: what every path below the root begins with, which globs do not see.
        include: the globs of files that matter.
    """

    reads_gitignore: bool
    lists: tuple[IgnoreList, ...]
    prefix: str
    include: Includes = field(compare=False)
    _globs: frozenset[str]

    def wants_file(self, path: str) -> bool:
        """Whether a file of this directory matters."""
        return self.include.matches(path[len(self.prefix) :]) and not self.ignores(path, is_directory=False)

    def wants_directory(self, path: str) -> bool:
        """Whether a directory of this directory is to be entered."""
        return self.include.may_contain(path[len(self.prefix) :]) and not self.ignores(path, is_directory=True)

    def includes(self, path: str, *, is_directory: bool) -> bool:
        """Whether the include globs let a file matter or a directory be entered."""
        relative = path[len(self.prefix) :]
        return self.include.may_contain(relative) if is_directory else self.include.matches(relative)

    def includes_like(self, other: Rules) -> bool:
        """Whether the include globs of both say the same of whatever lies below both roots."""
        return self._globs == other._globs and (self.prefix == other.prefix or self.include.are_of_names)

    def pattern_for(self, path: str, *, is_directory: bool) -> Pattern | None:
        """The pattern that decides whether `path` is left out; None if none is about it."""
        found = (each.pattern_for(path, is_directory=is_directory) for each in self.lists)
        return next((pattern for pattern in found if pattern is not None), None)

    def ignores(self, path: str, *, is_directory: bool) -> bool:
        """Whether a pattern leaves `path` out."""
        for patterns in self.lists:
            verdict = patterns.verdict(path, is_directory=is_directory)
            if verdict is not None:
                return verdict
        return False

    def including(self, globs: Collection[str]) -> Rules:
        """These rules with other include globs."""
        return replace(self, include=compile_includes(globs), _globs=frozenset(globs))

    def covers(self, other: Rules) -> bool:
        """Whether every file that matters by other rules of the same directory does by these."""
        return self.lists == other.lists and self._globs >= other._globs

    def below(self, lists: Sequence[IgnoreList]) -> Rules:
        """These rules of a root with what git's files above it say now, see `lists_above`."""
        return replace(self, lists=(self.lists[0], *(lists if self.reads_gitignore else ())))

    def inside(self, own: IgnoreList | None) -> Rules:
        """The rules inside a directory of this one, or inside the root.

        Args:
            own: what the .gitignore there says, see `IgnoreFiles.inside`.
        """
        if own is None or not self.reads_gitignore:
            return self
        return replace(self, lists=(self.lists[0], own, *self.lists[1:]))


def rules_above(root: str, include: Collection[str], exclude: Iterable[str], *, gitignore: bool) -> Rules:
    """The rules that come to a root from the profile; those of git's files above it are yet to be read."""
    return Rules(
        reads_gitignore=gitignore,
        lists=(compile_ignore_list(root, exclude),),
        prefix=prefix_of(root),
        include=compile_includes(include),
        _globs=frozenset(include),
    )


def lists_above(root: str, repository: Repository | None, files: IgnoreFiles) -> tuple[IgnoreList, ...]:
    """What git's files above a root say of what is in it, nearest first.

    Nothing applies to a root that git ignores: it was named on purpose.
    """
    if repository is None:
        return ()
    found = [files.list_of(file, base) for file, base in ignore_files_above(root, repository)]
    nearest_first = tuple(each for each in reversed(found) if each is not None)
    return () if _is_ignored_on_the_way(root, repository.top, nearest_first) else nearest_first


def _is_ignored_on_the_way(root: str, top: str, nearest_first: Sequence[IgnoreList]) -> bool:
    """Whether git ignores a directory, or one above it up to the top: nothing takes back what lies in such a one."""
    here = root
    while here != top:
        verdicts = (each.verdict(here, is_directory=True) for each in nearest_first if each.is_above(here))
        if next((verdict for verdict in verdicts if verdict is not None), False):
            return True
        here = os.path.dirname(here)
    return False


def ignore_files_above(root: str, repository: Repository) -> list[tuple[str, str]]:
    """The files that may make rules for a root from above it, each with the directory it is about; farthest first."""
    found = [(personal_exclude_file(repository), repository.top), (repository.exclude_file, repository.top)]
    between, here = [], root
    while here != repository.top:
        here = os.path.dirname(here)
        between.append((os.path.join(here, GITIGNORE), here))
    return [*found, *reversed(between)]
