"""The verb `check`: read profiles, say what is wrong, start nothing."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from reloadd.cli.parser import OutputFormat, add_output, make_parser, parse_all
from reloadd.colour import wants_colour
from reloadd.profile.load import load_profiles
from reloadd.profile.model import AppTarget, CommandTarget, ModuleTarget, ScriptTarget
from reloadd.profile.problems import draw, shown_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reloadd.profile.accept import Loaded
    from reloadd.profile.model import Profile, Target

_RIGHT, _WRONG = 0, 2

_EPILOG = """\
examples:
  reloadd check profiles/                    every profile in a directory
  reloadd check dev.toml --output json       for programs

exit status:
  0  all profiles are right    2  a profile or an argument is wrong
"""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """`reloadd check`: say what is wrong with profiles.

    Attributes:
        profiles: files, directories and bare names; empty for all of the user's own.
        output: how the answer is given.
    """

    profiles: tuple[str, ...]
    output: OutputFormat


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    return check(parse(arguments))


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd check",
        usage="reloadd check [PROFILE]... [options]",
        description="Read profiles and report every problem in them. Nothing is started.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "profiles",
        metavar="PROFILE",
        nargs="*",
        help="a file, a directory of profiles, or the name of one in ~/.config/reloadd "
        "(default: all in ~/.config/reloadd)",
    )
    add_output(parser)
    return parser


def parse(arguments: Sequence[str]) -> CheckOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    return CheckOptions(profiles=tuple(found.profiles), output=found.output)


def check(options: CheckOptions) -> int:
    """Print what was found, good profiles to stdout and problems to stderr; returns the exit status."""
    directory = Path.cwd()
    loaded = load_profiles(options.profiles, environ=os.environ, directory=directory, interpreter=Path(sys.executable))
    match options.output:
        case OutputFormat.TEXT:
            _print_text(loaded, directory)
        case OutputFormat.JSON:
            sys.stdout.write(json.dumps(_as_json(loaded), indent=2) + "\n")
    return _WRONG if loaded.problems else _RIGHT


def _print_text(loaded: Loaded, directory: Path) -> None:
    for profile in loaded.profiles:
        sys.stdout.write(f"{_line(profile, directory)}\n")
    sys.stdout.flush()
    if loaded.problems:
        colour = wants_colour(sys.stderr, os.environ)
        sys.stderr.write(draw(loaded.problems, directory=directory, colour=colour) + "\n")


def _line(profile: Profile, directory: Path) -> str:
    """One good profile, such as `dev.toml: shop, app shop.main:app, http 127.0.0.1:8000`."""
    key, value = _spelled(profile.launch.target)
    sockets = [f"{listen.name} {listen.address}" for listen in profile.listen]
    return f"{shown_path(profile.file, directory)}: {', '.join([profile.name, f'{key} {value}', *sockets])}"


def _spelled(target: Target) -> tuple[str, str]:
    """The target's key in the profile, and its value."""
    match target:
        case AppTarget():
            return "app", target.spelled
        case ModuleTarget(module):
            return "module", module
        case ScriptTarget(path):
            return "script", str(path)
        case CommandTarget(argv):
            return "command", " ".join(argv)
        case _:
            assert_never(target)


def _as_json(loaded: Loaded) -> dict[str, object]:
    return {
        "profiles": [_profile_as_json(profile) for profile in loaded.profiles],
        "problems": [problem.as_fields() for problem in loaded.problems],
    }


def _profile_as_json(profile: Profile) -> dict[str, object]:
    key, value = _spelled(profile.launch.target)
    return {
        "file": str(profile.file),
        "name": profile.name,
        "target": {key: value},
        "listen": {listen.name: str(listen.address) for listen in profile.listen},
    }
