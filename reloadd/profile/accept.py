"""Which of the profiles that were read are to run: none that is wrong in itself, and no two that clash.

At the start nothing runs yet, and the later of two that clash is wrong; the others start without it. When profiles are
read again, what runs already comes first: of two that clash, the one that was edited is wrong, and its app runs on as
it was. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from reloadd.profile.clashes import clashes
from reloadd.profile.problems import Code, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from reloadd.profile.model import Profile
    from reloadd.profile.parse import Document


@dataclass(frozen=True, slots=True)
class Right:
    """A profile that is right in itself, with the document that shows where its keys are."""

    profile: Profile
    document: Document


@dataclass(frozen=True, slots=True)
class Wrong:
    """A file that is no profile.

    Attributes:
        problems: why, from its top to its end.
        name: what the profile would be called, so that nobody is told that it does not exist.
    """

    problems: tuple[Problem, ...]
    name: str

    @property
    def is_gone(self) -> bool:
        """Whether there is no such file at all."""
        return any(problem.code is Code.NOT_FOUND and problem.place is None for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Read:
    """What was found on the disk.

    Attributes:
        files: each file that was meant, once, in the order in which it was.
        right: those that are right in themselves.
        wrong: those that are not.
        problems: about what was meant and is not there.
    """

    files: tuple[Path, ...]
    right: Mapping[Path, Right]
    wrong: Mapping[Path, Wrong]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is to run, and what is wrong.

    Attributes:
        accepted: the profiles that are to run, by their files.
        problems: of the files that are wrong, and of what was meant and is not there.
        names: what each file's profile is called, or would be.
    """

    accepted: Mapping[Path, Right] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[Problem, ...] = ()
    names: Mapping[Path, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The profiles that are to run."""
        return tuple(right.profile for right in self.accepted.values())

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The files that do not run as they are."""
        found: dict[Path, tuple[Problem, ...]] = {}
        for problem in self.problems:
            found[problem.file] = (*found.get(problem.file, ()), problem)
        return tuple(Rejected(file, self.names[file], found[file]) for file in found if file in self.names)

    @property
    def absent(self) -> frozenset[str]:
        """The names of profiles that are wrong and of which nothing runs."""
        return frozenset(each.name for each in self.rejected) - {profile.name for profile in self.profiles}


def accept(read: Read, *, directory: Path, refused: Mapping[Path, Problem] = MappingProxyType({})) -> Loaded:
    """The profiles to start with.

    Args:
        read: what was found.
        directory: the current one; paths in messages are shown from there.
        refused: files that cannot be had for another reason, such as an address that is taken.
    """
    problems = [*read.problems, *(problem for wrong in read.wrong.values() for problem in wrong.problems)]
    problems += refused.values()
    return _without_clashes(read, {}, problems, {*read.wrong, *refused}, directory)


def is_usable(read: Read, loaded: Loaded) -> bool:
    """Whether to go on with what was accepted, as a daemon at its start.

    A file that is wrong keeps no other from running: it can be mended while they do. A word of the command line that
    means nothing does: it cannot. Nor is there a use for a daemon of which no profile is right.
    """
    return bool(loaded.accepted) and not read.problems


def accept_again(
    read: Read,
    earlier: Mapping[Path, Right],
    *,
    directory: Path,
    held: Collection[Path] = (),
    refused: Mapping[Path, Problem] = MappingProxyType({}),
) -> Loaded:
    """The profiles to run from now on; a file that is wrong stays what it was before.

    Args:
        read: what was found.
        earlier: what runs.
        directory: the current one; paths in messages are shown from there.
        held: files that are not there and may come back at any moment: they stay what they were.
        refused: as for `accept`.
    """
    here = {file: wrong for file, wrong in read.wrong.items() if not wrong.is_gone}
    problems = [problem for wrong in here.values() for problem in wrong.problems]
    problems += refused.values()
    return _without_clashes(read, earlier, problems, {*here, *refused, *held}, directory)


def missing_files(read: Read, earlier: Mapping[Path, Right]) -> frozenset[Path]:
    """Files whose apps run, and which are not there now."""
    there = {file for file in read.files if file in read.right or not read.wrong[file].is_gone}
    return frozenset(earlier.keys() - there)


def _without_clashes(
    read: Read, earlier: Mapping[Path, Right], problems: list[Problem], kept: set[Path], directory: Path
) -> Loaded:
    """Take back one edit after the other until no two clash; what ran before did not.

    The files in `kept` count as they were before, or stay out.
    """
    names = {file: wrong.name for file, wrong in read.wrong.items()}
    names |= {file: right.profile.name for file, right in read.right.items()}
    while True:
        settled, edited = _chosen(read, earlier, kept)
        found = [each for each in clashes(settled, edited, names.values(), directory) if each.file not in kept]
        problems += [each for each in found if each not in problems]
        refused = {each.file for each in found} & {right.document.file for right in edited}
        if not refused:
            chosen = {right.document.file: right for right in (*settled, *edited)}
            order = [*read.files, *chosen]
            accepted = {file: chosen[file] for file in dict.fromkeys(order) if file in chosen}
            return Loaded(accepted, tuple(problems), names)
        kept = kept | refused


def _chosen(read: Read, earlier: Mapping[Path, Right], kept: set[Path]) -> tuple[list[Right], list[Right]]:
    """What stays as it is, and what is new or edited."""
    settled = [earlier[file] for file in earlier if file in kept]
    edited: list[Right] = []
    for file in read.files:
        right = read.right.get(file)
        if right is None or file in kept:
            continue
        before = earlier.get(file)
        (settled if before is not None and before.profile == right.profile else edited).append(right)
    return settled, edited
