"""`reloadd` without a verb: its options, its help, and what to say of a word that is no verb.

Never runs anything: `cli.run` does, and takes longer to import.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reloadd import __version__
from reloadd.cli.parser import UsageError, add_profiles, make_parser, member, parse_known, unknown_option
from reloadd.cli.verbs import VERBS
from reloadd.profile.words import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence


class LogFormat(Enum):
    """How the log is written; `auto` is `console` on a terminal, journal entries in a service, and `json` elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`reloadd`: run profiles.

    Attributes:
        profiles: as given to `--profile`; empty for all of the user's own.
        log: how the log is written.
        verbosity: how often `-v` was given.
    """

    profiles: tuple[str, ...]
    log: LogFormat
    verbosity: int


_EXAMPLES = """\
examples:
  reloadd --profile dev.toml                 run one app until Ctrl-C
  reloadd --profile shop.toml --profile api.toml
  reloadd check profiles/                    say what is wrong, start nothing

exit status:
  0  done, or stopped as asked
  1  the daemon failed, or an address is taken
  2  no profile is right, or an argument is wrong
  3  no daemon answers

A profile's keys are described in profiles/README.md.
"""


def make() -> argparse.ArgumentParser:
    """The parser of the words after the program's name."""
    parser = make_parser(
        "reloadd",
        usage="reloadd [--profile PROFILE]... [options]\n       reloadd COMMAND [options]",
        description="Run apps under supervision and restart each one when its files change.",
        epilog=f"{_commands()}\n\n{_EXAMPLES}",
    )
    add_profiles(
        parser,
        "a profile to run: a file, a directory of profiles, or the name of one in ~/.config/reloadd; "
        "repeat it to run several apps, -p for short (default: all in ~/.config/reloadd)",
    )
    # Beside the long spelling it would be shown in one way by Python 3.12 and in another by 3.13.
    parser.add_argument("-p", action="append", dest="profiles", help=argparse.SUPPRESS)
    parser.add_argument(
        "--log",
        metavar="auto|console|json",
        type=member(LogFormat),
        default=LogFormat.AUTO,
        help="how to write the log (default: console on a terminal, "
        "entries of the journal in a service, json elsewhere)",
    )
    parser.add_argument("-v", "--verbose", action="count", default=0, dest="verbosity", help="say more")
    parser.add_argument("--version", action="version", version=f"reloadd {__version__}", help="print the version")
    return parser


def parse(arguments: Sequence[str]) -> RunOptions:
    """The options in the words after the program's name.

    Raises:
        UsageError: they cannot be understood.
        SystemExit: with status 0, after help or the version was printed.
    """
    parser = make()
    found, rest = parse_known(parser, arguments)
    if rest:
        raise _stray_word(rest[0], parser)
    return RunOptions(profiles=tuple(found.profiles), log=found.log, verbosity=found.verbosity)


def _commands() -> str:
    width = max(map(len, VERBS)) + 3
    return "\n".join(["commands:", *(f"  {verb.name:{width}}{verb.summary}" for verb in VERBS.values())])


def _stray_word(word: str, parser: argparse.ArgumentParser) -> UsageError:
    """What to say of a word that is neither an option nor a verb in its place."""
    if word.startswith("-"):
        return unknown_option(word, parser)
    if word in VERBS:
        return UsageError(f"`{word}` stands after options", f"write `reloadd {word} ...`, options after it")
    if "/" in word or word.endswith(".toml"):
        return UsageError(f"unknown command `{word}`", f"write `reloadd --profile {word}` to run a profile")
    near = nearest(word, list(VERBS))
    hint = f"did you mean `{near}`?" if near else f"write `--profile {word}` to run a profile, or see `reloadd --help`"
    return UsageError(f"unknown command `{word}`", hint)
