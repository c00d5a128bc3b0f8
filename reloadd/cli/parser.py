"""What the command lines of all verbs share: the form of their help, and the words in which a wrong one is told.

Never knows a verb's options: they stand with the verb.
"""

from __future__ import annotations

import argparse
import re
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

from reloadd.profile.words import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

E = TypeVar("E", bound=Enum)


_LONGEST_WAIT = 3600.0


class OutputFormat(Enum):
    """How a verb answers: for people or for programs."""

    TEXT = "text"
    JSON = "json"


class CommandError(Exception):
    """A verb cannot do what it was asked.

    Attributes:
        message: what is wrong.
        hint: what to do about it.
        status: what the command exits with.
    """

    status = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CommandError):
    """The command line cannot be understood, or names what there is not."""

    status = 2


class NoDaemonError(CommandError):
    """No daemon answers."""

    status = 3


class _Parser(argparse.ArgumentParser):
    """One that raises always: `exit_on_error` alone does not make it where a word is missing, before Python 3.12."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the command line."""
        missing = re.fullmatch(r"the following arguments are required: (.*)", message)
        raise UsageError(f"`{missing[1]}` is missing" if missing else message, f"see `{self.prog} --help`")


def make_parser(program: str, *, usage: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser that raises where it fails, and whose help reads the same everywhere.

    Args:
        program: the words that the help names it by, such as `reloadd check`.
        usage: how it is written.
        description: what it does.
        epilog: two examples and the exit statuses.
    """
    return _Parser(
        program,
        usage=usage,
        description=description,
        epilog=epilog,
        # A fixed width, so that help reads the same everywhere.
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=80, max_help_position=28),
        allow_abbrev=False,
        exit_on_error=False,
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """The option `--output`, which each verb that answers something has."""
    parser.add_argument(
        "--output",
        metavar="text|json",
        type=member(OutputFormat),
        default=OutputFormat.TEXT,
        help="how to answer (default: text)",
    )


def add_names(parser: argparse.ArgumentParser) -> None:
    """The profiles that a verb is about; all, where none is named."""
    parser.add_argument("profiles", metavar="NAME", nargs="*", help="a profile, or a pattern (default: all)")


def add_profiles(parser: argparse.ArgumentParser, meaning: str) -> None:
    """The option `--profile`, which may be repeated; `meaning` is its help."""
    parser.add_argument("--profile", metavar="PROFILE", action="append", default=[], dest="profiles", help=meaning)


def add_daemon(parser: argparse.ArgumentParser) -> None:
    """The option `--daemon`, which each verb that asks daemons has."""
    parser.add_argument(
        "--daemon", metavar="PID", help="ask only the daemon with this process number (default: all of yours)"
    )


def add_wait(parser: argparse.ArgumentParser) -> None:
    """The options `--wait` and `--timeout`, which each verb that tells apps something has."""
    parser.add_argument("--wait", action="store_true", help="wait until it is done, and say whether it is")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=60.0,
        help="how long to wait at the most (default: 60)",
    )


def _seconds(word: str) -> float:
    try:
        found = float(word)
    except ValueError:
        found = -1.0
    if not 0 <= found <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"no number of seconds `{word}`, expected 0 to {_LONGEST_WAIT:.0f}")
    return found


def parse_all(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """What the parser makes of the words.

    Raises:
        UsageError: they cannot be understood.
        SystemExit: with status 0, after help was printed.
    """
    found, rest = parse_known(parser, arguments)
    if rest:
        raise unknown_option(rest[0], parser) if rest[0].startswith("-") else unexpected_word(rest[0], parser)
    return found


def parse_known(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """What the parser makes of the words, and the words that it does not know; raises as `parse_all`."""
    try:
        return parser.parse_known_intermixed_args(arguments)
    except argparse.ArgumentError as error:
        option = (error.argument_name or "").split("/")[-1]
        raise UsageError(f"`{option}`: {error.message}", f"see `{parser.prog} --help`") from error


def member(of: type[E], *, unlisted: Collection[E] = ()) -> Callable[[str], E]:
    """What makes a member of an enum from its value, as argparse wants its types; some are not for people to choose."""

    def find(word: str) -> E:
        try:
            return of(word)
        except ValueError:
            names = [str(each.value) for each in of if each not in unlisted]
            raise argparse.ArgumentTypeError(f"no choice `{word}`, expected {listed(names)}") from None

    return find


def unknown_option(word: str, parser: argparse.ArgumentParser) -> UsageError:
    """What to say of an option that the parser does not have."""
    options = [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001 - no public list
    near = nearest(word.partition("=")[0], options)
    return UsageError(f"unknown option `{word}`", f"did you mean `{near}`?" if near else f"see `{parser.prog} --help`")


def unexpected_word(word: str, parser: argparse.ArgumentParser) -> UsageError:
    """What to say of a word too many."""
    return UsageError(f"unexpected word `{word}`", f"see `{parser.prog} --help`")
