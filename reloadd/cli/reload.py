"""The verb `reload`: have the profiles read again, and say what came of it.

Never reads a profile itself: the daemons do.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reloadd.cli.daemons import all_daemons
from reloadd.cli.parser import OutputFormat, add_daemon, add_output, add_wait, make_parser, parse_all
from reloadd.colour import wants_colour
from reloadd.control.client import ANSWER_TIMEOUT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_RIGHT, _FAILED, _WRONG = 0, 1, 2
_READ_TIMEOUT = 60.0
"""Seconds to read profiles and to end the apps of those that changed."""

_EPILOG = """\
examples:
  reloadd reload                             read all profiles again
  reloadd reload --wait --timeout 20         return once the changed apps serve

exit status:
  0  done                              2  a profile is wrong and stays as it was
  1  an app does not serve (--wait)    3  no daemon answers
"""


@dataclass(frozen=True, slots=True)
class ReloadOptions:
    """`reloadd reload`.

    Attributes:
        daemon: which; None for all.
        wait: seconds to wait for the apps; None for not at all.
        output: how the answer is given.
    """

    daemon: str | None
    wait: float | None
    output: OutputFormat


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd reload",
        usage="reloadd reload [options]",
        description="Read the profiles again and do what changed. A wrong one stays what it was.",
        epilog=_EPILOG,
    )
    add_wait(parser)
    add_daemon(parser)
    add_output(parser)
    return parser


def parse(arguments: Sequence[str]) -> ReloadOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    return ReloadOptions(found.daemon, found.timeout if found.wait else None, found.output)


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    options = parse(arguments)
    colour = options.output is OutputFormat.TEXT and wants_colour(sys.stderr, os.environ)
    answers: list[dict[str, Any]] = []
    with all_daemons(os.environ, options.daemon) as daemons:
        for daemon in daemons:
            daemon.connection.send(
                "reload",
                wait=options.wait,
                directory=_directory(),
                colour=colour,
            )
        for daemon in daemons:
            answer = daemon.connection.receive(_READ_TIMEOUT + ANSWER_TIMEOUT + (options.wait or 0.0))
            answers.append({"daemon": daemon.pid, **answer})
        if options.output is OutputFormat.JSON:
            sys.stdout.write(json.dumps({"daemons": answers}, indent=2) + "\n")
        else:
            _print_text(answers)
    if not all(answer["accepted"] for answer in answers):
        return _WRONG
    return _RIGHT if all(app["done"] for answer in answers for app in answer["profiles"]) else _FAILED


def _directory() -> str | None:
    """Where the command was given; None if that is not there any more."""
    try:
        return os.getcwd()  # noqa: PTH109 - `pathlib` takes long to import
    except FileNotFoundError:
        return None


def _print_text(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        if not answer["accepted"]:
            sys.stderr.write(answer["drawing"] + "\n")
            continue
        sys.stdout.write(f"daemon {answer['daemon']}: profiles were read again\n")
        sys.stdout.flush()
        for app in answer["profiles"]:
            if not app["done"]:
                sys.stderr.write(f"error: `{app['name']}` does not serve: {app['reason']}\n")
