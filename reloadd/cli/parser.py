"""The command line: from words to options, one frozen class for each verb.

Never does what the options ask for: `reloadd.cli` hands them to the verb.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from reloadd import __version__
from reloadd.profile.words import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

E = TypeVar("E", bound=Enum)


class LogFormat(Enum):
    """How the log is written; `auto` is `console` on a terminal and `json` elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class OutputFormat(Enum):
    """How a verb answers: for people or for programs."""

    TEXT = "text"
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


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """`reloadd check`: say what is wrong with profiles.

    Attributes:
        profiles: files, directories and bare names; empty for all of the user's own.
        output: how the answer is given.
    """

    profiles: tuple[str, ...]
    output: OutputFormat


Options = RunOptions | CheckOptions


class UsageError(Exception):
    """The command line cannot be understood.

    Attributes:
        message: what is wrong.
        hint: what to write instead.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_arguments(arguments: Sequence[str]) -> Options:
    """The options in the words after the program's name.

    Raises:
        UsageError: they cannot be understood.
        SystemExit: with status 0, after help or the version was printed.
    """
    if arguments and arguments[0] in VERBS:
        return VERBS[arguments[0]](arguments[1:])
    return _parse_run(arguments)


def _parse_run(arguments: Sequence[str]) -> RunOptions:
    parser = _parser(
        "reloadd",
        usage="reloadd [--profile PROFILE]... [options]\n       reloadd COMMAND [options]",
        description="Run apps under supervision and restart each one when its files change.",
        epilog=_RUN_EPILOG,
    )
    parser.add_argument(
        "--profile",
        metavar="PROFILE",
        action="append",
        default=[],
        dest="profiles",
        help="a profile to run: a file, a directory of profiles, or the name of one in ~/.config/reloadd; "
        "repeat it to run several apps, -p for short (default: all in ~/.config/reloadd)",
    )
    # Beside the long spelling it would be shown in one way by Python 3.12 and in another by 3.13.
    parser.add_argument("-p", action="append", dest="profiles", help=argparse.SUPPRESS)
    parser.add_argument(
        "--log",
        metavar="auto|console|json",
        type=partial(_member, LogFormat),
        default=LogFormat.AUTO,
        help="how to write the log (default: console on a terminal, json elsewhere)",
    )
    parser.add_argument("-v", "--verbose", action="count", default=0, dest="verbosity", help="say more")
    parser.add_argument("--version", action="version", version=f"reloadd {__version__}", help="print the version")
    found, rest = _parse(parser, arguments)
    if rest:
        raise _stray_word(rest[0], parser)
    return RunOptions(profiles=tuple(found.profiles), log=found.log, verbosity=found.verbosity)


def _parse_check(arguments: Sequence[str]) -> CheckOptions:
    parser = _parser(
        "reloadd check",
        usage="reloadd check [PROFILE]... [options]",
        description="Read profiles and report every problem in them. Nothing is started.",
        epilog="exit status:\n  0  all profiles are right    2  a profile or an argument is wrong",
    )
    parser.add_argument(
        "profiles",
        metavar="PROFILE",
        nargs="*",
        help="a file, a directory of profiles, or the name of one in ~/.config/reloadd "
        "(default: all in ~/.config/reloadd)",
    )
    parser.add_argument(
        "--output",
        metavar="text|json",
        type=partial(_member, OutputFormat),
        default=OutputFormat.TEXT,
        help="how to answer (default: text)",
    )
    found, rest = _parse(parser, arguments)
    if rest:
        raise _unknown_option(rest[0], parser)
    return CheckOptions(profiles=tuple(found.profiles), output=found.output)


VERBS: dict[str, Callable[[Sequence[str]], Options]] = {"check": _parse_check}
"""The verbs that are named; to run profiles needs none."""

_RUN_EPILOG = """\
commands:
  check     read profiles and report every problem in them

examples:
  reloadd --profile dev.toml                 run one app until Ctrl-C
  reloadd --profile shop.toml --profile api.toml
  reloadd check profiles/                    say what is wrong, start nothing

exit status:
  0  stopped as asked        2  a profile or an argument is wrong
  1  the daemon failed

A profile's keys are described in profiles/README.md.
"""


def _parser(program: str, *, usage: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        program,
        usage=usage,
        description=description,
        epilog=epilog,
        # A fixed width, so that help reads the same everywhere.
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=80, max_help_position=28),
        allow_abbrev=False,
        exit_on_error=False,
    )


def _parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """What the parser makes of the words, and the words that it does not know."""
    try:
        return parser.parse_known_intermixed_args(arguments)
    except argparse.ArgumentError as error:
        option = (error.argument_name or "").split("/")[-1]
        raise UsageError(f"`{option}`: {error.message}", f"see `{parser.prog} --help`") from error


def _member(of: type[E], word: str) -> E:
    """The member of an enum with that value, as argparse wants its types."""
    names = [str(member.value) for member in of]
    if word not in names:
        raise argparse.ArgumentTypeError(f"no choice `{word}`, expected {listed(names)}")
    return of(word)


def _unknown_option(word: str, parser: argparse.ArgumentParser) -> UsageError:
    options = [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001 - no public list
    near = nearest(word.partition("=")[0], options)
    return UsageError(f"unknown option `{word}`", f"did you mean `{near}`?" if near else f"see `{parser.prog} --help`")


def _stray_word(word: str, parser: argparse.ArgumentParser) -> UsageError:
    """What to say of a word that is neither an option nor a verb in its place."""
    if word.startswith("-"):
        return _unknown_option(word, parser)
    if word in VERBS:
        return UsageError(f"`{word}` stands after options", f"write `reloadd {word} ...`, options after it")
    if "/" in word or word.endswith(".toml"):
        return UsageError(f"unknown command `{word}`", f"write `reloadd --profile {word}` to run a profile")
    near = nearest(word, list(VERBS))
    hint = f"did you mean `{near}`?" if near else f"write `--profile {word}` to run a profile, or see `reloadd --help`"
    return UsageError(f"unknown command `{word}`", hint)
