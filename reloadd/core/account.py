"""What a child's ledger says, in the forms in which it is asked for.

The lines are those of `runtime.ledger`, as decoded. A line that is not as described there was not written by us, and is
passed over. Never reads a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LedgerSignature = tuple[int, int, int]
"""Modification time in nanoseconds, size in bytes, inode: what a ledger has to tell one state of a file from another,
from before it was read."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module that was found.

    Attributes:
        name: dotted.
        file: its source, or its extension module.
        is_users: whether it is the user's own.
        at: how many names had been looked up before it.
    """

    name: str
    file: str
    is_users: bool
    at: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable of the environment that the user's code set, or unset with None.

    Attributes:
        name: the variable.
        value: what it was set to.
        file: where the code stands.
        after: how many names had been looked up by then.
    """

    name: str
    value: str | None
    file: str
    after: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A directory that was listed.

    Attributes:
        signature: the directory as it was; None if it was not there.
        names: what was in it; None if that is not known, so that only the signature tells.
    """

    signature: LedgerSignature | None
    names: frozenset[str] | None


@dataclass(slots=True)
class Account:
    """The sum of a ledger, or of its beginning.

    Attributes:
        modules: those that were found, in the order in which they were first looked up.
        read: the files that were read, or looked for, each as it was the first time; None for absent.
        listed: the directories that were listed, by path and by the endings of the names that mattered, in lower case;
            without endings all of them did.
        missed: names of modules that no finder found.
        paths: the directories of the import path as it was last, then those that were in it before.
        settings: variables that the user's code set.
        finders: the types of each finder that was on `sys.meta_path`, and how many names had been looked up before it.
        entered: the user's modules in the order in which they were run, and when, in milliseconds.
    """

    modules: list[Module] = field(default_factory=list)
    read: dict[str, LedgerSignature | None] = field(default_factory=dict)
    listed: dict[tuple[str, tuple[str, ...]], Listing] = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)
    paths: dict[str, None] = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)
    finders: dict[str, int] = field(default_factory=dict)
    entered: dict[str, float] = field(default_factory=dict)
    _sought: dict[str, int] = field(default_factory=dict)

    @property
    def users(self) -> dict[str, str]:
        """The user's own modules, by the files that they are in."""
        return {module.file: module.name for module in self.modules if module.is_users}

    def add(self, lines: Iterable[Mapping[str, object]]) -> None:
        """Add more lines."""
        for line in lines:
            try:
                self._add(line)
            except (KeyError, TypeError, ValueError):
                continue
        # The order of a look-up is not that of the finding: a package's parent is found before it.
        self.modules.sort(key=lambda module: module.at)

    def _add(self, line: Mapping[str, object]) -> None:
        match line["word"]:
            case "sought":
                self._sought.setdefault(str(line["name"]), len(self._sought))
            case "found":
                file = str(line["file"])
                self.read.setdefault(file, _signature(line["signature"]))
                name = str(line["name"])
                at = self._sought.setdefault(name, len(self._sought))
                self.modules.append(Module(name, file, bool(line["user"]), at))
            case "missed":
                self.missed.add(str(line["name"]))
            case "path":
                self.paths = {**dict.fromkeys(map(str, _items(line["path"]))), **self.paths}
            case "opened":
                self.read.setdefault(str(line["file"]), _signature(line["signature"]))
            case "listed":
                endings = tuple(map(str, _items(line["endings"])))
                self.listed.setdefault((str(line["file"]), endings), _listing(line))
            case "set" if line["by"] is not None:
                value = line["value"]
                file = str(line["by"]).rpartition(":")[0]
                name = str(line["name"])
                self.settings.append(Setting(name, None if value is None else str(value), file, len(self._sought)))
            case "hooked":
                found = dict.fromkeys(map(str, _items(line["by"])), len(self._sought))
                self.finders = {**found, **self.finders}
            case "entered":
                self.entered.setdefault(str(line["name"]), float(str(line["at"])))


def _signature(value: object) -> LedgerSignature | None:
    if value is None:
        return None
    modified, size, inode = (int(str(each)) for each in _items(value))
    return modified, size, inode


def _listing(line: Mapping[str, object]) -> Listing:
    names = line["names"]
    return Listing(_signature(line["signature"]), None if names is None else frozenset(map(str, _items(names))))


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("not an array")
    return value


_PASSING = re.compile(r"__pycache__|4913|.*~|\..*\.sw[a-z]|\.?#.*")


def names_that_matter(names: Iterable[str], endings: tuple[str, ...]) -> frozenset[str]:
    """The names in a directory that may make a difference to whoever lists it.

    Bytecode makes none, nor do the files that editors keep beside one that is edited (Vim, Emacs).

    Args:
        names: what is in it.
        endings: in lower case; only names that end so count, unless there are none.
    """
    return frozenset(
        name for name in names if not _PASSING.fullmatch(name) and (not endings or name.lower().endswith(endings))
    )


_INSTALLED = ("/site-packages/", "/dist-packages/")
_LIBRARY = re.compile(r"/python3(\.\d+t?)?(/lib-dynload)?$|\.zip$")


def is_installed(path: str) -> bool:
    """Whether a path lies where packages are installed."""
    return any(part in f"{path}/" for part in _INSTALLED)


def is_users_directory(path: str) -> bool:
    """Whether an entry of an import path is neither for packages nor the standard library's."""
    return not is_installed(path) and _LIBRARY.search(path) is None
