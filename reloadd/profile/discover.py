"""Which files `--profile` means: a file, a directory, or the bare name of a profile among the user's own.

Only lists names. Never opens a file: `load` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.profile.locate import Base, is_directory, is_file
from reloadd.profile.problems import Code, Problem, shown_path
from reloadd.profile.words import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class Discovered:
    """The files that were meant, each once, and what could not be found."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...]


def configuration_directory(environ: Mapping[str, str]) -> Path:
    """Where the user's own profiles are; a relative XDG_CONFIG_HOME is not valid (XDG Base Directory Specification)."""
    configured = Path(environ.get("XDG_CONFIG_HOME", ""))
    home = Path(environ.get("HOME") or Path.home())
    return (configured if configured.is_absolute() else home / ".config") / "reloadd"


def discover(arguments: Sequence[str], *, environ: Mapping[str, str], directory: Path) -> Discovered:
    """The files that the arguments mean; without any, all of the user's own profiles.

    Args:
        arguments: each a file, a directory, or a name without a slash and without `.toml`.
        environ: where the configuration directory and `~` are looked up.
        directory: the current one, absolute.
    """
    own = configuration_directory(environ)
    if arguments:
        found = [_meant(argument, own, directory, environ) for argument in arguments]
    else:
        found = [_in_directory(own, directory, hint="name a profile with `--profile FILE`, or put one there")]
    return Discovered(
        files=tuple(dict.fromkeys(file for each in found if not isinstance(each, Problem) for file in each)),
        problems=tuple(each for each in found if isinstance(each, Problem)),
    )


def profile_roots(arguments: Sequence[str], *, environ: Mapping[str, str], directory: Path) -> tuple[Path, ...]:
    """The files and directories that the arguments name, whether they are there or not. See `discover`."""
    own = configuration_directory(environ)
    base = Base(directory, environ)
    named = [own / f"{each}{SUFFIX}" if _is_bare_name(each) else base.path(each) for each in arguments]
    return tuple(dict.fromkeys(named or [own]))


def _meant(argument: str, own: Path, directory: Path, environ: Mapping[str, str]) -> list[Path] | Problem:
    if _is_bare_name(argument):
        file = own / f"{argument}{SUFFIX}"
        return [file] if is_file(file) else _no_such_name(argument, own, directory)
    path = Base(directory, environ).path(argument)
    if is_directory(path):
        return _in_directory(path, directory, hint=f"a profile is a file that ends in `{SUFFIX}`")
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return _no_such_file(argument, path)
    except OSError:
        pass  # It is there, or cannot be looked at: reading it will say why.
    return [path]


def _is_bare_name(argument: str) -> bool:
    """Whether the argument names a profile of the user's own rather than a path."""
    return "/" not in argument and not argument.endswith(SUFFIX) and argument not in {"", ".", "..", "~"}


def _in_directory(path: Path, directory: Path, *, hint: str) -> list[Path] | Problem:
    """All profiles in a directory; hidden files are editors' and not profiles."""
    files = sorted(file for file in path.glob(f"*{SUFFIX}") if not file.name.startswith("."))
    if files:
        return files
    return Problem(path, None, Code.NO_PROFILES, f"there are no profiles in `{shown_path(path, directory)}`", hint=hint)


def _no_such_name(name: str, own: Path, directory: Path) -> Problem:
    near = nearest(name, sorted(file.stem for file in own.glob(f"*{SUFFIX}")))
    if is_file(directory / f"{name}{SUFFIX}"):
        hint = f"write `{name}{SUFFIX}` for the file in this directory"
    elif is_directory(directory / name):
        hint = f"write `{name}/` for the directory"
    elif is_file(directory / name):
        hint = f"write `./{name}` for the file in this directory"
    elif near is not None:
        hint = f"did you mean `{near}`?"
    else:
        hint = (
            f"a bare name is a profile in `{shown_path(own, directory)}`; a file is written with `{SUFFIX}` or a slash"
        )
    return Problem(own / f"{name}{SUFFIX}", None, Code.NOT_FOUND, f"there is no profile `{name}`", hint=hint)


def _no_such_file(argument: str, path: Path) -> Problem:
    near = nearest(path.stem, sorted(file.stem for file in path.parent.glob(f"*{SUFFIX}")))
    if near is not None:
        hint = f"did you mean `{argument.removesuffix(path.name)}{near}{SUFFIX}`?"
    elif is_directory(path.parent):
        hint = "a path is relative to the current directory"
    else:
        hint = f"there is no directory `{path.parent}` either"
    return Problem(path, None, Code.NOT_FOUND, f"there is no file `{argument}`", hint=hint)
