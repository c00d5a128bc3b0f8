"""The verb `init`: look at a project and write a first profile for it. Never overwrites a file."""

from __future__ import annotations

import os
import re
import socket
import sys
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.cli.parser import CommandError, UsageError, make_parser, parse_all
from reloadd.colour import wants_colour
from reloadd.core.reasons import reason_of
from reloadd.profile.discover import configuration_directory
from reloadd.profile.json_schema import FILE
from reloadd.profile.load import load_profiles
from reloadd.profile.problems import draw, shown_path
from reloadd.starter.guess import guess
from reloadd.starter.project import look
from reloadd.starter.text import profile_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reloadd.starter.guess import Guess

_WRITTEN, _WRONG = 0, 2
_NAME = "reloadd.toml"
_PORT = re.compile(r":(\d{4,5})\b")
_MOST_PROFILES = 200
_FIRST_PORT, _LAST_PORT = 8000, 8099

_EPILOG = """\
It finds Flask, FastAPI, Starlette, Litestar, Django and Pyramid apps, packages
with a __main__.py, scripts, and package.json.

examples:
  reloadd init                               the project in this directory
  reloadd init shop && reloadd -p shop/reloadd.toml

exit status:
  0  a profile was written     2  nothing was found, there is a file already,
  1  it cannot be written         or what was written has to be mended
"""


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd init",
        usage="reloadd init [DIR]",
        description=f"Look at a project, and write {_NAME} with what is to be run and why.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", default=".", help="the project (default: this directory)"
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    return _init(Path(parse_all(make(), arguments).directory))


def _init(directory: Path) -> int:
    here = Path.cwd()
    file = (directory / _NAME).absolute()
    shown = shown_path(file, here)
    if not directory.is_dir():
        raise UsageError(f"there is no directory `{directory}`", "name the directory of a project")
    if file.is_symlink() or file.exists():
        raise UsageError(f"`{shown}` is there already", f"see what is wrong with it with `reloadd check {shown}`")
    project = look(directory)
    found = guess(project)
    if found is None:
        raise UsageError(
            f"nothing to run was found in `{directory}`",
            f'write `{shown}` by hand: `[target]` and below it `command = ["..."]`, or see `reloadd init --help`',
        )
    address = _free_address(file.parent)
    text = profile_text(found, name=_name(project.name), address=address, schema_path=_schema_path(file.parent))
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    except OSError as error:
        raise CommandError(f"`{shown}` cannot be written: {reason_of(error)}", "choose another directory") from error
    return _tell(found, file, shown, here)


def _tell(found: Guess, file: Path, shown: str, here: Path) -> int:
    sys.stdout.write(f"found {found.found}\n")
    for note in found.notes:
        sys.stdout.write(f"note: {note}\n")
    sys.stdout.write(f"wrote {shown}\n\nrun it with\n\n    reloadd --profile {shown}\n")
    sys.stdout.flush()
    loaded = load_profiles([str(file)], environ=os.environ, directory=here, interpreter=Path(sys.executable))
    if not loaded.problems:
        return _WRITTEN
    colour = wants_colour(sys.stderr, os.environ)
    outcome = "mend what is drawn before you run it"
    sys.stderr.write(draw(loaded.problems, directory=here, colour=colour, outcome=outcome) + "\n")
    return _WRONG


def _name(directory: str) -> str:
    """A profile's name from that of a directory."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", directory).strip("-._") or "app"


def _free_address(directory: Path) -> str:
    """The first port from 8000 on that nobody listens at now, and no other profile of the user's names."""
    named = _named_ports(directory)
    for port in range(_FIRST_PORT, _LAST_PORT + 1):
        if port in named:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{port}"
    return "127.0.0.1:0"


def _named_ports(directory: Path) -> frozenset[int]:
    """The ports in profiles in this directory, beside it, and among the user's own; they need not be right."""
    own = configuration_directory(os.environ)
    nearby = chain(directory.glob("*.toml"), own.glob("*.toml"), directory.parent.glob(f"*/{_NAME}"))
    ports: set[int] = set()
    for file in islice(nearby, _MOST_PROFILES):
        with suppress(OSError, UnicodeDecodeError):
            ports.update(int(found[1]) for found in _PORT.finditer(file.read_text("utf-8")))
    return frozenset(ports)


def _schema_path(directory: Path) -> str:
    """The schema's file as editors find it from the profile: relative where it belongs to the project."""
    home = directory.resolve()
    return f"./{FILE.relative_to(home)}" if FILE.is_relative_to(home) else str(FILE)
