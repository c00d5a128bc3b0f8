"""Whether what a process has read is still so: compared with the disk at the moment at which the process is wanted.

Events only say when to look. Never repairs anything: a process that is at fault is replaced.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.core.account import is_installed, is_users_directory, names_that_matter
from reloadd.supervise.noted import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reloadd.core.account import Account, LedgerSignature, Listing, Module
    from reloadd.supervise.launch import Plan


@dataclass(frozen=True, slots=True)
class Installed:
    """The directories that packages are installed in, as they were before a process imported anything.

    Attributes:
        directories: the signature of each, and what was in it.
    """

    directories: Mapping[str, tuple[LedgerSignature | None, frozenset[str]]]

    @classmethod
    def of(cls, paths: Iterable[str]) -> Installed:
        """As they are now, of an import path."""
        return cls({path: (signature_of(path), _names(path)) for path in paths if is_installed(path)})

    def fault(self) -> str | None:
        """Which of them has changed; that something was compiled is no change."""
        for path, (signature, names) in self.directories.items():
            if signature_of(path) != signature and _names(path) != names:
                return f"packages were installed or removed in `{path}`"
        return None


def _names(directory: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(directory)) - {"__pycache__"}  # noqa: PTH208 - a thousand paths, on the way of a restart
    except OSError:
        return frozenset()


def fault_of_plan(before: Plan, now: Plan) -> str | None:
    """How a child that is started now would differ from one that was started before."""
    for name in sorted({*before.environ, *now.environ}):
        if before.environ.get(name) != now.environ.get(name):
            return f"the environment has another `{name}`"
    if before.interpreter != now.interpreter or before.directory != now.directory:
        return "it has another interpreter or working directory"
    if before.go != now.go:
        return "it has another target or other arguments"
    return None


def fault_of_reading(account: Account, look: Callable[[str], LedgerSignature | None] = signature_of) -> str | None:
    """Which file or directory that was read is another one now, or which that was not there is there now.

    Args:
        account: what was read.
        look: `signature_of`, or what remembers it for several processes.
    """
    for path, before in account.read.items():
        if look(path) != before:
            return f"`{path}` has changed"
    for (path, endings), listing in account.listed.items():
        if look(path) != listing.signature and _lists_otherwise(path, endings, listing):
            return f"`{path}` has other files in it"
    return _shadow(account) or _appeared(account)


def _lists_otherwise(path: str, endings: tuple[str, ...], before: Listing) -> bool:
    """Whether a directory has other names in it: a file that is renamed over another one changes it, but not those."""
    try:
        names = os.listdir(path)  # noqa: PTH208 - a thousand paths, on the way of a restart
    except OSError:
        return True
    return before.names is None or names_that_matter(names, endings) != names_that_matter(before.names, endings)


def _shadow(account: Account) -> str | None:
    """A file that would be found now in place of one that was: on the path before it, or a package beside it."""
    order = {path: at for at, path in enumerate(account.paths)}
    standing = {module.file for module in account.modules}
    tops = {module.name: order.get(_home(module.file), -1) for module in _tops(account)}
    packages = {module.name for module in account.modules if module.file.endswith("/__init__.py")}
    for directory in filter(is_users_directory, account.paths):
        here = order[directory]
        names = {name for name, at in tops.items() if at > here or (at == here and name not in packages)}
        if (found := _find(directory, names, standing)) is not None:
            return f"`{found}` has the name of a module that was imported"
    for module in account.modules:
        if module.is_users and "." in module.name and module.file.endswith(".py") and module.name not in packages:
            package = f"{module.file.removesuffix('.py')}/__init__.py"
            if signature_of(package) is not None:
                return f"`{package}` has the name of a module that was imported"
    return None


def _tops(account: Account) -> list[Module]:
    """The modules that were found on the import path itself; the program's own was not looked for."""
    return [module for module in account.modules if "." not in module.name and module.name != "__main__"]


def _home(file: str) -> str:
    """The entry of the import path that a top-level module was found in."""
    return os.path.dirname(file.removesuffix("/__init__.py"))  # noqa: PTH120 - as above


def _appeared(account: Account) -> str | None:
    """A module that was looked for in vain, and could be found now."""
    directories = [path for path in account.paths if is_users_directory(path)]
    homes = {module.name: os.path.dirname(module.file) for module in account.modules}  # noqa: PTH120 - as above
    by_home: dict[str, set[str]] = {}
    for name in account.missed:
        package, _, last = name.rpartition(".")
        for home in [homes[package]] if package in homes else [] if package else directories:
            by_home.setdefault(home, set()).add(last)
    for home, names in by_home.items():
        if (found := _find(home, names, set()) or _find_directory(home, names)) is not None:
            return f"`{found}` was looked for in vain and is there now"
    return None


def _find(directory: str, names: set[str], known: set[str]) -> str | None:
    """A file in the directory that is a module of one of these names, other than those that are known."""
    try:
        entries = os.listdir(directory)  # noqa: PTH208 - a thousand paths, on the way of a restart
    except OSError:
        return None
    for entry in entries:
        stem = entry.partition(".")[0]
        if stem not in names:
            continue
        path = f"{directory}/{entry}"
        if entry.endswith((".py", ".so")) or os.path.isfile(f"{path}/__init__.py"):  # noqa: PTH113 - as above
            file = path if "." in entry else f"{path}/__init__.py"
            if file not in known:
                return file
    return None


def _find_directory(directory: str, names: set[str]) -> str | None:
    """A directory of one of these names: without an `__init__.py` it is a package as well (PEP 420)."""
    paths = (f"{directory}/{name}" for name in sorted(names))
    return next((path for path in paths if os.path.isdir(path)), None)  # noqa: PTH112 - as above
