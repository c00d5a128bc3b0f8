"""The one entrance: from the command line's arguments to profiles, or all the problems of all of them at once.

Reads files and nothing else. Never prints, binds or starts anything.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.profile.build import build
from reloadd.profile.check import check
from reloadd.profile.discover import discover
from reloadd.profile.findings import Finding, Inspection, problem_in
from reloadd.profile.parse import Document, parse
from reloadd.profile.problems import Code, Problem, place_in, shown_path
from reloadd.profile.relations import hold_relations, is_concrete

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reloadd.profile.model import Address, Profile
    from reloadd.profile.spans import KeyPath


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: the profiles that are right, and the problems of those that are not, in the files' order."""

    profiles: tuple[Profile, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Right:
    """A profile that is right in itself, with the document that shows where its keys are."""

    profile: Profile
    document: Document


def load_profiles(
    arguments: Sequence[str], *, environ: Mapping[str, str], directory: Path, interpreter: Path
) -> Loaded:
    """Read every profile that the arguments mean. If there is a problem, nothing is to be started.

    Args:
        arguments: files, directories and bare names, as `--profile` takes them; none for all of the user's own.
        environ: where the configuration directory, `~` and `PATH` are looked up.
        directory: the current one, absolute.
        interpreter: the Python for targets that have none of their own.
    """
    discovered = discover(arguments, environ=environ, directory=directory)
    problems = list(discovered.problems)
    right: list[_Right] = []
    for file in discovered.files:
        match _read(file, environ, interpreter):
            case _Right() as one:
                right.append(one)
            case found:
                problems += found
    problems += _shared_names(right, directory)
    problems += _shared_addresses(right, directory)
    wrong = {problem.file for problem in problems}
    return Loaded(tuple(one.profile for one in right if one.profile.file not in wrong), tuple(problems))


def problem_at(profile_file: Path, key: KeyPath, *, message: str, label: str, hint: str | None) -> Problem:
    """A problem that showed itself later, such as an address that is taken, at the value of a key in the file.

    The file may have changed or gone since it was loaded; the problem then has no place in it.
    """
    finding = Finding(Code.TAKEN, message, label, hint)
    document = _document(profile_file)
    if isinstance(document, Problem):
        return Problem(profile_file, None, finding.code, message, label, hint)
    return problem_in(document, key, finding)


def _read(file: Path, environ: Mapping[str, str], interpreter: Path) -> _Right | tuple[Problem, ...]:
    document = _document(file)
    if isinstance(document, Problem):
        return (document,)
    inspection = Inspection(document)
    values = check(inspection)
    hold_relations(inspection, values)
    profile = build(inspection, values, environ=environ, interpreter=interpreter)
    return inspection.problems if profile is None else _Right(profile, document)


def _document(file: Path) -> Document | Problem:
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            # A pipe would be waited for without end.
            what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
            return Problem(file, None, Code.UNREADABLE, f"`{file.name}` is {what}", hint="a profile is a TOML file")
        content = file.read_bytes()
    except FileNotFoundError:
        gone = f"`{file.name}` is a link to nothing" if file.is_symlink() else f"there is no file `{file.name}`"
        return Problem(file, None, Code.NOT_FOUND, gone, hint="name a profile that is there")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"`{file.name}` cannot be read: {reason}"
        return Problem(file, None, Code.UNREADABLE, message, hint="make it readable, or name another")
    return parse(file, content)


def _shared_names(right: Sequence[_Right], directory: Path) -> list[Problem]:
    """Profiles with a name that one before them has."""
    holders: dict[str, _Right] = {}
    problems: list[Problem] = []
    for one in right:
        holder = holders.setdefault(one.profile.name, one)
        if holder is not one:
            finding = Finding(
                Code.DUPLICATE,
                f"the name `{one.profile.name}` is taken by {_where(holder, ('name',), directory)}",
                "expected a name of its own",
                "give one of the two another `name`",
            )
            problems.append(problem_in(one.document, ("name",), finding))
    return problems


def _shared_addresses(right: Sequence[_Right], directory: Path) -> list[Problem]:
    """Sockets at an address that a profile before has; port 0 is a number of its own each time."""
    holders: dict[Address, tuple[_Right, str]] = {}
    problems: list[Problem] = []
    for one in right:
        for listen in one.profile.listen:
            holder, name = holders.setdefault(listen.address, (one, listen.name))
            if holder is not one and is_concrete(listen.address):
                finding = Finding(
                    Code.DUPLICATE,
                    f"the address `{listen.address}` is taken by {_where(holder, ('listen', name), directory)}",
                    "expected an address of its own",
                    "give one of the two another port, or port 0 for any that is free",
                )
                problems.append(problem_in(one.document, ("listen", listen.name), finding))
    return problems


def _where(one: _Right, key: KeyPath, directory: Path) -> str:
    """The file, and the line if the key is written there."""
    file = shown_path(one.document.file, directory)
    span = one.document.spans.values.get(key)
    return file if span is None else f"{file}:{place_in(one.document.text, span.start, span.end).line}"
