"""Which files matter and which directories are entered: the include globs, `exclude`, and what git is told to ignore.

`exclude` wins over .gitignore both ways, so that `!generated.py` brings back a file that git ignores; a nearer
.gitignore wins over a farther one: gitignore(5). Everything is asked from the root downward, and nothing below an
ignored directory is ever asked about.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from reloadd.core.paths import prefix_of
from reloadd.core.patterns import Includes, compile_includes
from reloadd.watch.repository import Repository, personal_exclude_file, repository_around
from reloadd.watch.signature import Signature, signature_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

GITIGNORE = ".gitignore"

MADE_BY = frozenset({GITIGNORE, ".git"})
"""Names in a directory that make rules for it: the second since it says where a repository begins."""

_NAMED_GROUP = re.compile(r"\?P<\w+>")
_AT_ANY_DEPTH = "^(?:.+/)?"


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


@dataclass(frozen=True, slots=True, eq=False)
class IgnoreList:
    """Patterns in .gitignore's syntax and the directory that they are relative to. Equal only to itself."""

    _base: str
    _file: str | None
    _lines: tuple[str, ...]
    _spec: GitIgnoreSpec
    _any: re.Pattern[str]

    def verdict(self, path: str, *, is_directory: bool) -> bool | None:
        """Whether `path`, which lies below the base, is ignored; None if no pattern is about it."""
        relative = self._relative(path, is_directory=is_directory)
        if self._any.search(relative) is None:
            return None
        return self._spec.check_file(relative).include

    def pattern_for(self, path: str, *, is_directory: bool) -> Pattern | None:
        """The pattern that decides about `path`; None if none is about it."""
        index = self._spec.check_file(self._relative(path, is_directory=is_directory)).index
        if index is None:
            return None
        return Pattern(self._lines[index], self._file, index if self._file is None else index + 1)

    def _relative(self, path: str, *, is_directory: bool) -> str:
        # No pattern can hold a line break, and the expressions that pathspec makes take one for the end of the name.
        return path[len(self._base) :].replace("\n", "\r") + ("/" if is_directory else "")


def compile_ignore_list(base: str, lines: Iterable[str], file: str | None = None) -> IgnoreList:
    """Compile patterns that are relative to the directory `base`. As in git, a line that is no pattern says nothing.

    Args:
        base: absolute.
        lines: one pattern each, or a comment, or nothing.
        file: where they stand; None for the watch set's own.
    """
    written = tuple(lines)
    return IgnoreList(prefix_of(base), file, written, *_compiled(written))


@lru_cache(maxsize=256)
def _compiled(lines: tuple[str, ...]) -> tuple[GitIgnoreSpec, re.Pattern[str]]:
    """What is the same wherever these lines stand: most profiles exclude the same, each below its own root."""
    # An empty line would be left out, and the place of a pattern is its line.
    spec = GitIgnoreSpec.from_lines(line if line and _is_pattern(line) else "#" for line in lines)
    return spec, _any_of(spec)


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except GitIgnorePatternError:
        return False
    return True


def _any_of(spec: GitIgnoreSpec) -> re.Pattern[str]:
    """One expression that finds every path some pattern is about.

    It answers for nearly all paths, eight times as fast as two dozen patterns that are asked in turn.
    """
    expressions = [_NAMED_GROUP.sub("?:", each.regex.pattern) for each in spec.patterns if each.regex is not None]
    deep = [each.removeprefix(_AT_ANY_DEPTH) for each in expressions if each.startswith(_AT_ANY_DEPTH)]
    others = [each for each in expressions if not each.startswith(_AT_ANY_DEPTH)]
    if deep:
        others.append(f"{_AT_ANY_DEPTH}(?:{'|'.join(deep)})")
    return re.compile("|".join(others) or "(?!)")


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
                with open(file, encoding="utf-8", errors="surrogateescape") as text:
                    known = (signature, compile_ignore_list(base, text.read().splitlines(), file))
                self._read[file] = known
        except OSError:
            self._read.pop(file, None)
            return None
        return known[1]

    def inside(self, directory: str) -> IgnoreList | None:
        """What a directory's own .gitignore says."""
        return self.list_of(os.path.join(directory, GITIGNORE), directory)


@dataclass(frozen=True, slots=True)
class Rules:
    """What matters inside one directory of a root. Two are equal if no file that they came of has changed."""

    reads_gitignore: bool
    _prefix: str
    _globs: frozenset[str]
    _includes: Includes = field(compare=False)
    _lists: tuple[IgnoreList, ...]
    """Nearest first, behind `exclude`."""

    def wants_file(self, path: str) -> bool:
        """Whether a file of this directory matters."""
        return self._includes.matches(path[len(self._prefix) :]) and not self.ignores(path, is_directory=False)

    def wants_directory(self, path: str) -> bool:
        """Whether a directory of this directory is to be entered."""
        return self._includes.may_contain(path[len(self._prefix) :]) and not self.ignores(path, is_directory=True)

    def includes(self, path: str, *, is_directory: bool) -> bool:
        """Whether the include globs let a file matter or a directory be entered."""
        relative = path[len(self._prefix) :]
        return self._includes.may_contain(relative) if is_directory else self._includes.matches(relative)

    def pattern_for(self, path: str, *, is_directory: bool) -> Pattern | None:
        """The pattern that decides whether `path` is left out; None if none is about it."""
        found = (each.pattern_for(path, is_directory=is_directory) for each in self._lists)
        return next((pattern for pattern in found if pattern is not None), None)

    def ignores(self, path: str, *, is_directory: bool) -> bool:
        """Whether a pattern leaves `path` out."""
        for patterns in self._lists:
            verdict = patterns.verdict(path, is_directory=is_directory)
            if verdict is not None:
                return verdict
        return False

    def including(self, globs: Collection[str]) -> Rules:
        """These rules with other include globs."""
        return replace(self, _globs=frozenset(globs), _includes=compile_includes(globs))

    def covers(self, other: Rules) -> bool:
        """Whether every file that matters by other rules of the same directory does by these."""
        return self._lists == other._lists and self._globs >= other._globs

    def read_above(self, root: str, files: IgnoreFiles) -> Rules:
        """These rules of a root with git's files above it read anew.

        A root that git ignores was named on purpose: nothing from above applies to it.
        """
        repository = repository_around(root) if self.reads_gitignore else None
        if repository is None:
            return replace(self, _lists=self._lists[:1])
        found = [files.list_of(file, base) for file, base in ignore_files_above(root, repository)]
        nearest_first = tuple(each for each in reversed(found) if each is not None)
        verdicts = (each.verdict(root, is_directory=True) for each in nearest_first)
        is_ignored = next((verdict for verdict in verdicts if verdict is not None), False)
        return replace(self, _lists=(self._lists[0], *(() if is_ignored else nearest_first)))

    def inside(self, own: IgnoreList | None) -> Rules:
        """The rules inside a directory of this one, or inside the root.

        Args:
            own: what the .gitignore there says, see `IgnoreFiles.inside`.
        """
        if own is None or not self.reads_gitignore:
            return self
        return replace(self, _lists=(self._lists[0], own, *self._lists[1:]))


def rules_above(root: str, include: Collection[str], exclude: Iterable[str], *, gitignore: bool) -> Rules:
    """The rules that come to a root from the profile; those of git's files above it are yet to be read."""
    return Rules(
        reads_gitignore=gitignore,
        _prefix=prefix_of(root),
        _globs=frozenset(include),
        _includes=compile_includes(include),
        _lists=(compile_ignore_list(root, exclude),),
    )


def ignore_files_above(root: str, repository: Repository) -> list[tuple[str, str]]:
    """The files that may make rules for a root from above it, each with the directory it is about; farthest first."""
    found = [(personal_exclude_file(repository), repository.top), (repository.exclude_file, repository.top)]
    between, here = [], root
    while here != repository.top:
        here = os.path.dirname(here)
        between.append((os.path.join(here, GITIGNORE), here))
    return [*found, *reversed(between)]
