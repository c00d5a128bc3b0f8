"""The one entrance: from the command line's arguments to profiles, or all the problems of all of them at once.

Reads files and nothing else. Never prints, binds or starts anything.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from reloadd.core.reasons import reason_of
from reloadd.profile.accept import Loaded, Read, Right, Wrong, accept, accept_again
from reloadd.profile.build import build
from reloadd.profile.check import check
from reloadd.profile.discover import discover, profile_roots
from reloadd.profile.findings import Finding, Inspection, problem_in
from reloadd.profile.parse import Document, parse
from reloadd.profile.problems import Code, Problem
from reloadd.profile.relations import hold_relations
from reloadd.profile.schema import NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from reloadd.profile.spans import KeyPath


@dataclass(frozen=True, slots=True)
class Source:
    """Where the profiles of a daemon come from: what the command line named, and what that is relative to.

    Attributes:
        arguments: files, directories and bare names, as `--profile` takes them; none for all of the user's own.
        environ: where the configuration directory, `~` and `PATH` are looked up.
        directory: the current one, absolute.
        interpreter: the Python for targets that have none of their own.
    """

    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    directory: Path
    interpreter: Path

    def read(self) -> Read:
        """Read every profile that is meant."""
        discovered = discover(self.arguments, environ=self.environ, directory=self.directory)
        right: dict[Path, Right] = {}
        wrong: dict[Path, Wrong] = {}
        for file in discovered.files:
            match _read(file, self.environ, self.interpreter):
                case Right() as one:
                    right[file] = one
                case found:
                    wrong[file] = found
        return Read(discovered.files, right, wrong, discovered.problems)

    def load(self) -> Loaded:
        """The profiles as a daemon that starts now would take them."""
        return self.accept(self.read())

    def accept(self, read: Read, *, refused: Mapping[Path, Problem] = MappingProxyType({})) -> Loaded:
        """The profiles to start with. See `accept.accept`."""
        return accept(read, directory=self.directory, refused=refused)

    def load_again(
        self,
        earlier: Mapping[Path, Right],
        read: Read,
        *,
        held: Collection[Path] = (),
        refused: Mapping[Path, Problem] = MappingProxyType({}),
    ) -> Loaded:
        """The profiles to run from now on. See `accept.accept_again`."""
        return accept_again(read, earlier, directory=self.directory, held=held, refused=refused)

    def roots(self) -> tuple[Path, ...]:
        """The files and directories in which a change may change the profiles."""
        return profile_roots(self.arguments, environ=self.environ, directory=self.directory)


def load_profiles(
    arguments: Sequence[str], *, environ: Mapping[str, str], directory: Path, interpreter: Path
) -> Loaded:
    """Read every profile that the arguments mean. See `Source`."""
    return Source(tuple(arguments), environ, directory, interpreter).load()


def problem_at(profile_file: Path, key: KeyPath, *, message: str, label: str, hint: str | None) -> Problem:
    """A problem that showed itself later, such as an address that is taken, at the value of a key in the file.

    The file may have changed or gone since it was loaded; the problem then has no place in it.
    """
    finding = Finding(Code.TAKEN, message, label, hint)
    document = _document(profile_file)
    if isinstance(document, Problem):
        return Problem(profile_file, None, finding.code, message, label, hint)
    return problem_in(document, key, finding)


def _read(file: Path, environ: Mapping[str, str], interpreter: Path) -> Right | Wrong:
    document = _document(file)
    if isinstance(document, Problem):
        return Wrong((document,), file.stem)
    inspection = Inspection(document)
    values = check(inspection)
    hold_relations(inspection, values)
    profile = build(inspection, values, environ=environ, interpreter=interpreter)
    if profile is None:
        return Wrong(inspection.problems, values.get(NAME) or file.stem)
    return Right(profile, document)


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
        reason = reason_of(error)
        message = f"`{file.name}` cannot be read: {reason}"
        return Problem(file, None, Code.UNREADABLE, message, hint="make it readable, or name another")
    return parse(file, content)
