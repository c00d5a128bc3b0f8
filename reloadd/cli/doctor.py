"""The verb `doctor`: look at all that reloadd needs of this machine, and say what to do where something is wrong.

Never mends anything.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.cli.daemons import running_profiles
from reloadd.cli.parser import CommandError, OutputFormat, add_output, make_parser, parse_all
from reloadd.cli.printing import GREEN, RED, YELLOW, has_colour, paint
from reloadd.colour import wants_colour
from reloadd.doctor.findings import Check, Verdict, worst
from reloadd.doctor.interpreters import check_interpreter
from reloadd.doctor.limits import check_limits
from reloadd.doctor.places import check_places
from reloadd.doctor.session import check_session
from reloadd.doctor.sockets import check_sockets, held_addresses
from reloadd.doctor.versions import check_versions
from reloadd.doctor.watching import check_watching
from reloadd.profile.discover import configuration_directory
from reloadd.profile.load import Source
from reloadd.profile.problems import Code, draw, shown_path
from reloadd.profile.words import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from reloadd.profile.accept import Loaded

_HEALTHY, _BAD = 0, 1

_STYLES = {Verdict.OK: GREEN, Verdict.WARN: YELLOW, Verdict.BAD: RED}
_WIDTH = 4

_EPILOG = """\
Without PROFILE it looks at the profiles that run, and if none does, at those in
~/.config/reloadd.

examples:
  reloadd doctor                             this machine, and what runs on it
  reloadd doctor dev.toml --output json      and what one profile needs

exit status:
  0  nothing is bad    2  an argument is wrong
  1  something is
"""


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """`reloadd doctor`.

    Attributes:
        profiles: files, directories and bare names; empty for those that run.
        output: how the answer is given.
    """

    profiles: tuple[str, ...]
    output: OutputFormat


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    return _examine(parse(arguments))


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd doctor",
        usage="reloadd doctor [PROFILE]... [options]",
        description="Look at versions, limits, permissions and what profiles need; say what to fix.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "profiles", metavar="PROFILE", nargs="*", help="a file, a directory of profiles, or the name of one"
    )
    add_output(parser)
    return parser


def parse(arguments: Sequence[str]) -> DoctorOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    return DoctorOptions(tuple(found.profiles), found.output)


def _examine(options: DoctorOptions) -> int:
    here = Path.cwd()
    profiles = options.profiles
    if not profiles:
        with suppress(CommandError):  # a directory of sockets that is not to be trusted is a check of its own
            profiles = running_profiles(os.environ)
    loaded = Source(profiles, os.environ, here, Path(sys.executable)).load()
    checks = tuple(_checks(loaded, here))
    if options.output is OutputFormat.JSON:
        sys.stdout.write(json.dumps(_as_json(checks), indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(checks, colour=has_colour())) + "\n")
        sys.stdout.flush()
        if problems := [problem for problem in loaded.problems if problem.code is not Code.NO_PROFILES]:
            colour = wants_colour(sys.stderr, os.environ)
            sys.stderr.write(draw(problems, directory=here, colour=colour, outcome="mend what is drawn") + "\n")
    return _BAD if worst(checks) is Verdict.BAD else _HEALTHY


def _checks(loaded: Loaded, here: Path) -> Iterator[Check]:
    yield from check_versions()
    yield from check_limits()
    yield from check_places(os.environ)
    yield from check_session(configuration_directory(os.environ).parent)
    yield from _profiles(loaded, here)
    for profile in loaded.profiles:
        yield from check_interpreter(profile)
    held = held_addresses(os.environ)
    for profile in loaded.profiles:
        yield from check_sockets(profile, held)
    for profile in loaded.profiles:
        yield from check_watching(profile)


def _profiles(loaded: Loaded, here: Path) -> Iterator[Check]:
    """Whether the profiles themselves are right."""
    for profile in loaded.profiles:
        yield Check("profiles", profile.name, Verdict.OK, shown_path(profile.file, here))
    for file in dict.fromkeys(problem.file for problem in loaded.problems):
        found = [problem for problem in loaded.problems if problem.file == file]
        if found[0].code is Code.NO_PROFILES:
            yield Check("profiles", shown_path(file, here), Verdict.OK, "none; `reloadd init` writes one for a project")
        else:
            shown = shown_path(file, here)
            yield Check("profiles", shown, Verdict.BAD, counted(len(found), "problem"), f"reloadd check {shown}")


def _lines(checks: Sequence[Check], *, colour: bool) -> Iterator[str]:
    """The report: a paragraph for each topic, a fix below what needs one, and the sum."""
    for topic, group in groupby(checks, key=lambda check: check.topic):
        yield topic
        for check in group:
            verdict = paint(check.verdict.value.ljust(_WIDTH), _STYLES[check.verdict], colour=colour)
            yield f"  {verdict}  {check.subject}: {check.found}"
            if check.fix is not None:
                yield f"  {' ' * _WIDTH}  fix: {check.fix}"
        yield ""
    bad = sum(check.verdict is Verdict.BAD for check in checks)
    warnings = sum(check.verdict is Verdict.WARN for check in checks)
    yield f"{counted(len(checks), 'check')}: {bad} bad, {counted(warnings, 'warning')}"


def _as_json(checks: Sequence[Check]) -> dict[str, object]:
    return {
        "verdict": worst(tuple(checks)).value,
        "checks": [
            {
                "topic": check.topic,
                "subject": check.subject,
                "verdict": check.verdict.value,
                "found": check.found,
                "fix": check.fix,
            }
            for check in checks
        ],
    }
