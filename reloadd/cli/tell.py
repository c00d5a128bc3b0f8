"""The verbs `restart`, `stop` and `start`: tell apps what the user wants, and say whether it came about.

Never waits for longer than it was asked to.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reloadd.cli.daemons import all_daemons, meant
from reloadd.cli.parser import OutputFormat, UsageError, add_daemon, add_output, add_wait, make_parser, parse_all
from reloadd.control.client import ANSWER_TIMEOUT
from reloadd.control.protocol import Verb

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_DONE, _FAILED = 0, 1

_DESCRIPTIONS = {
    Verb.RESTART: "Restart apps. With `overlap`, the old process serves until the new one can.",
    Verb.STOP: "Stop apps. They stay down, whatever changes, until they are started again.",
    Verb.START: "Start apps that were stopped, or that are held after failures.",
}
_PAST = {Verb.RESTART: "restarted", Verb.STOP: "stopped", Verb.START: "started"}

_EPILOG = """\
examples:
  reloadd {verb} shop --wait{pad}                until it is done
  reloadd {verb} 'web-*' api{pad}                all that match

exit status:
  0  done                              2  a name matches no profile
  1  it did not come about (--wait)    3  no daemon answers
"""


@dataclass(frozen=True, slots=True)
class TellOptions:
    """`reloadd restart`, `stop` and `start`.

    Attributes:
        verb: which.
        profiles: names and patterns.
        daemon: whose; None for all.
        wait: seconds to wait until it is done; None for not at all.
        output: how the answer is given.
    """

    verb: Verb
    profiles: tuple[str, ...]
    daemon: str | None
    wait: float | None
    output: OutputFormat


def restart(arguments: Sequence[str]) -> int:
    """`reloadd restart`; returns the exit status."""
    return tell(parse(Verb.RESTART, arguments))


def stop(arguments: Sequence[str]) -> int:
    """`reloadd stop`; returns the exit status."""
    return tell(parse(Verb.STOP, arguments))


def start(arguments: Sequence[str]) -> int:
    """`reloadd start`; returns the exit status."""
    return tell(parse(Verb.START, arguments))


def make(verb: Verb) -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    name = verb.value
    parser = make_parser(
        f"reloadd {name}",
        usage=f"reloadd {name} NAME... [options]",
        description=_DESCRIPTIONS[verb],
        epilog=_EPILOG.format(verb=name, pad=" " * (len("restart") - len(name))),
    )
    parser.add_argument("profiles", metavar="NAME", nargs="*", help="a profile, or a pattern such as 'web-*'")
    add_wait(parser)
    add_daemon(parser)
    add_output(parser)
    return parser


def parse(verb: Verb, arguments: Sequence[str]) -> TellOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    name = verb.value
    found = parse_all(make(verb), arguments)
    if not found.profiles:
        raise UsageError(f"`{name}` needs the name of a profile", f"write `reloadd {name} '*'` for all")
    return TellOptions(verb, tuple(found.profiles), found.daemon, found.timeout if found.wait else None, found.output)


def tell(options: TellOptions) -> int:
    """Tell the apps, and print what came of it; returns the exit status."""
    answers: list[dict[str, Any]] = []
    with all_daemons(os.environ, options.daemon) as daemons:
        rejected = [name for daemon in daemons for name in daemon.rejected]
        names = meant(options.profiles, [name for daemon in daemons for name in daemon.names], rejected=rejected)
        concerned = {daemon: found for daemon in daemons if (found := [name for name in daemon.names if name in names])}
        for daemon, profiles in concerned.items():
            daemon.connection.send(options.verb.value, profiles=profiles, wait=options.wait)
        for daemon in concerned:
            answer = daemon.connection.receive(ANSWER_TIMEOUT + (options.wait or 0.0))
            answers += [{"daemon": daemon.pid, **app} for app in answer["profiles"]]
        if options.output is OutputFormat.JSON:
            sys.stdout.write(json.dumps({"profiles": answers}, indent=2) + "\n")
        else:
            _print_text(options, answers)
    return _FAILED if any(answer["done"] is False for answer in answers) else _DONE


def _print_text(options: TellOptions, answers: list[dict[str, Any]]) -> None:
    past = _PAST[options.verb]
    names = [answer["name"] for answer in answers]
    for answer in answers:
        name = answer["name"]
        if names.count(name) > 1:
            name = f"{name} of daemon {answer['daemon']}"
        match answer["done"]:
            case None:
                sys.stdout.write(f"{name}: told to {options.verb.value}\n")
            case True:
                sys.stdout.write(f"{name}: {past}\n")
            case _:
                sys.stdout.flush()
                sys.stderr.write(f"error: `{name}` was not {past}: {answer['reason']}\n")
