"""What lies in a project's directory, as far as it tells what is to be run there.

Only reads, and only a bounded part. Never decides what any of it means: `guess` does.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from reloadd.profile.locate import environment_beside
from reloadd.profile.parse import Document, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEEPEST = 3
"""Directories below the project's own that are entered."""

MOST_FILES = 500
"""Python files that are read; a project of more has its app near the top."""

LONGEST_FILE = 256 * 1024
"""Bytes of a file that is read; what starts an app is shorter."""

_NOT_ENTERED = frozenset(
    {
        "node_modules",
        "site-packages",
        "__pycache__",
        "venv",
        "env",
        "tests",
        "test",
        "docs",
        "build",
        "dist",
        "migrations",
    }
)
_HERE = PurePosixPath()
_LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lockb": "bun", "bun.lock": "bun"}
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Python file, by its path relative to the project."""

    path: PurePosixPath
    text: str


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment of the project.

    Attributes:
        name: of its directory.
        packages: the names that can be imported from it, as directories and files have them.
    """

    name: str
    packages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Project:
    """What was found.

    Attributes:
        name: of the directory.
        directory: where it lies, as the user's shell would find it.
        sources: Python files, those near the top first.
        requirements: packages that are asked for, each with the file that does.
        scripts: those of package.json; None without such a file.
        entry: the file that package.json names as its main one.
        runner: the package manager of Node.js that the lock file is of.
        settings: `*.ini` files, with their text.
        environment: the virtual environment under a usual name.
    """

    name: str
    directory: PurePosixPath = _HERE
    sources: tuple[SourceFile, ...] = ()
    requirements: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    scripts: Mapping[str, str] | None = None
    entry: str | None = None
    runner: str = "npm"
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    environment: Environment | None = None


def look(directory: Path) -> Project:
    """What lies in the directory; what cannot be read is passed over."""
    package = _package_json(directory / "package.json")
    entry = package.get("main") if package is not None else None
    return Project(
        name=directory.resolve().name,
        directory=PurePosixPath(directory),
        sources=tuple(_sources(directory)),
        requirements=MappingProxyType(dict(_requirements(directory))),
        scripts=None if package is None else _texts(package.get("scripts")),
        entry=entry if isinstance(entry, str) else _existing(directory, "server.js", "index.js", "app.js"),
        runner=next((runner for lock, runner in _LOCKS.items() if (directory / lock).is_file()), "npm"),
        settings=MappingProxyType({path.name: _read(path) or "" for path in sorted(directory.glob("*.ini"))}),
        environment=_environment(directory),
    )


def _sources(directory: Path) -> Iterator[SourceFile]:
    """Python files, breadth first, so that a bound cuts off what is deepest."""
    level, left = [directory], MOST_FILES
    for _ in range(DEEPEST + 1):
        below: list[Path] = []
        for place in level:
            for entry in _entries(place):
                if entry.is_dir() and _is_entered(entry):
                    below.append(entry)
                elif entry.suffix == ".py" and left and (text := _read(entry)) is not None:
                    left -= 1
                    yield SourceFile(PurePosixPath(entry.relative_to(directory)), text)
        level = below


def _entries(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _is_entered(directory: Path) -> bool:
    name = directory.name
    return not (name.startswith(".") or name in _NOT_ENTERED or (directory / "pyvenv.cfg").exists())


def _read(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > LONGEST_FILE:
            return None
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _requirements(directory: Path) -> Iterator[tuple[str, str]]:
    """Names of packages in pyproject.toml and in the usual lists, lower case, each with where it stands."""
    for path in sorted(directory.glob("requirements*.txt")):
        for line in (_read(path) or "").splitlines():
            if (found := _REQUIREMENT.match(line)) is not None:
                yield _normal(found[1]), path.name
    document = parse(directory / "pyproject.toml", (_read(directory / "pyproject.toml") or "").encode())
    if isinstance(document, Document):
        project = document.data.get("project")
        listed = project.get("dependencies") if isinstance(project, dict) else None
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, str) and (found := _REQUIREMENT.match(each)) is not None:
                yield _normal(found[1]), "pyproject.toml"


def _normal(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package_json(path: Path) -> dict[str, object] | None:
    text = _read(path)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _texts(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        return MappingProxyType({})
    return MappingProxyType({str(name): text for name, text in value.items() if isinstance(text, str)})


def _existing(directory: Path, *names: str) -> str | None:
    return next((name for name in names if (directory / name).is_file()), None)


def _environment(directory: Path) -> Environment | None:
    home = environment_beside((directory.absolute(),))
    if home is None:
        return None
    names = {
        entry.name.removesuffix(".py") for place in home.glob("lib/python*/site-packages") for entry in _entries(place)
    }
    return Environment(os.fspath(home.name), frozenset(names))
