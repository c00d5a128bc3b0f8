"""The verb `explain`: whether paths are watched, by which profiles, by which rule, and how a change is seen.

Never asks whether a daemon has noticed the path: it goes by the profile's rules and the files that are there.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.cli.daemons import running_profiles
from reloadd.cli.parser import OutputFormat, add_output, add_profiles, make_parser, parse_all
from reloadd.colour import wants_colour
from reloadd.core.outside import SYSTEM
from reloadd.core.patterns import compile_includes
from reloadd.profile.accept import is_usable
from reloadd.profile.load import Source
from reloadd.profile.model import CommandTarget
from reloadd.profile.problems import draw, shown_path
from reloadd.profile.watched import ALWAYS_EXCLUDED
from reloadd.watch.base import Means
from reloadd.watch.explain import Explanation, Verdict, explain
from reloadd.watch.mounts import file_system_at

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from reloadd.profile.accept import Loaded
    from reloadd.profile.model import Profile
    from reloadd.profile.parse import Document

_WATCHED, _NOT_WATCHED, _WRONG = 0, 1, 2

_IMPORTABLE = (".py", ".so")
"""What a module's file ends with, whatever `include` has."""

_EPILOG = """\
Without --profile it asks the profiles that run, and if none does, those in
~/.config/reloadd.

examples:
  reloadd explain src/shop/cart.py
  reloadd explain .env data/ --profile dev.toml --output json

exit status:
  0  each path is watched    2  no profile is right, or an argument is wrong
  1  one of them is not
"""


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """`reloadd explain`.

    Attributes:
        paths: as they were written; at least one.
        profiles: files, directories and bare names; empty for those that run.
        output: how the answer is given.
    """

    paths: tuple[str, ...]
    profiles: tuple[str, ...]
    output: OutputFormat


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one profile makes of a path."""

    profile: Profile
    document: Document
    found: Explanation

    @property
    def is_watched(self) -> bool:
        return self.found.verdict is Verdict.WATCHED

    @property
    def is_watched_once_imported(self) -> bool:
        """Whether it becomes watched by being used: only Python tells what it imports and opens."""
        if isinstance(self.profile.launch.target, CommandTarget) or not self.profile.watch.imported:
            return False
        path, includes = self.found.path, compile_includes(self.profile.watch.include)
        if self.found.verdict is not Verdict.OUTSIDE or path.startswith(SYSTEM) or Path(path).is_dir():
            return False
        return path.endswith(_IMPORTABLE) or includes.matches(path.lstrip("/"))


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    return _explain(parse(arguments))


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd explain",
        usage="reloadd explain PATH... [options]",
        description="Say whether paths are watched, by which profiles, and which rule decides.",
        epilog=_EPILOG,
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a file or a directory; it need not exist")
    add_profiles(parser, "a profile to ask: a file, a directory of profiles, or a name; may be repeated")
    add_output(parser)
    return parser


def parse(arguments: Sequence[str]) -> ExplainOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    return ExplainOptions(tuple(found.paths), tuple(found.profiles), found.output)


def _explain(options: ExplainOptions) -> int:
    here = Path.cwd()
    profiles = options.profiles or running_profiles(os.environ)
    source = Source(profiles, os.environ, here, Path(sys.executable))
    read = source.read()
    loaded = source.accept(read)
    can_answer = is_usable(read, loaded)
    if loaded.problems:
        colour = wants_colour(sys.stderr, os.environ)
        outcome = "only the others are asked" if can_answer else "nothing can be said of any path"
        sys.stderr.write(draw(loaded.problems, directory=here, colour=colour, outcome=outcome) + "\n")
    if not can_answer:
        return _WRONG
    paths = [os.path.abspath(path) for path in options.paths]  # noqa: PTH100 - `resolve` would follow links
    answers = {path: _answers(path, loaded) for path in paths}
    if options.output is OutputFormat.JSON:
        told = {"paths": [_path_as_json(path, found) for path, found in answers.items()]}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for path, found in answers.items() for line in _lines(path, found, here)))
    are_watched = all(any(each.is_watched for each in found) for found in answers.values())
    return _WATCHED if are_watched else _NOT_WATCHED


def _answers(path: str, loaded: Loaded) -> list[_Answer]:
    """What each profile makes of a path."""
    return [_Answer(one.profile, one.document, explain(one.profile.watch, path)) for one in loaded.accepted.values()]


def _owner(path: str, answers: Sequence[_Answer]) -> str | None:
    """The name of the profile whose own file it is."""
    return next((each.profile.name for each in answers if str(each.profile.file) == path), None)


def _lines(path: str, answers: Sequence[_Answer], here: Path) -> Iterator[str]:
    yield path
    if (owner := _owner(path, answers)) is not None:
        yield f"  reloadd: read again when it is saved, because it is the profile of `{owner}`"
    for each in answers:
        yield f"  {each.profile.name}: {_words(each, here)}"


def _words(answer: _Answer, here: Path) -> str:
    """What decides, in a line."""
    found = answer.found
    is_above = found.decided_at is not None and found.decided_at != found.path
    above = f"it lies in {shown_path(Path(found.decided_at or ''), here)}, and " if is_above else ""
    match found.verdict:
        case Verdict.WATCHED:
            return f"watched, {_by_include(answer)}; {_seen(answer)}"
        case Verdict.OUTSIDE:
            roots = ", ".join(f"`{shown_path(root, here)}`" for root in answer.profile.watch.roots)
            once = "; it is watched once the app reads it" if answer.is_watched_once_imported else ""
            return f"not watched: it lies below none of the roots {roots}{once}"
        case Verdict.NOT_INCLUDED:
            return f"not watched: nothing in {_include_of(answer)} matches it"
        case Verdict.EXCLUDED if _is_built_in(answer):
            way_in = f'`exclude = ["!{found.rule}"]` would take it in'
            return f"not watched: {above}`{found.rule}` is always left out; {way_in}"
        case Verdict.EXCLUDED:
            return f"not watched: {above}`{found.rule}` of `exclude` leaves {'that' if above else 'it'} out"
        case Verdict.IGNORED_BY_GIT:
            rule = f"`{found.rule}` in {shown_path(Path(found.file or ''), here)}:{found.line}"
            way_in = "`gitignore = false` would take it in"
            return f"not watched: {above}{rule} leaves {'that' if above else 'it'} out; {way_in}"


def _by_include(answer: _Answer) -> str:
    found = answer.found
    if found.path == found.root:
        return "because it is a root"
    if found.rule is None:
        return "because files that matter may lie below it"
    return f"because `{found.rule}` of {_include_of(answer)} matches"


def _include_of(answer: _Answer) -> str:
    return "`include`" if _gives(answer, "include") else "the default `include`"


def _is_built_in(answer: _Answer) -> bool:
    """Whether a pattern that leaves out is ours: the built-in ones stand first, the environment's own next."""
    line = answer.found.line
    given = answer.document.data.get("watch")
    own = given.get("exclude", []) if isinstance(given, dict) else []
    count = len(answer.profile.watch.exclude) - (len(own) if isinstance(own, list) else 0)
    return line is not None and line < max(count, len(ALWAYS_EXCLUDED))


def _gives(answer: _Answer, key: str) -> bool:
    given = answer.document.data.get("watch")
    return isinstance(given, dict) and key in given


def _seen(answer: _Answer) -> str:
    """How a change is noticed."""
    kind = file_system_at(answer.found.path) or "unknown file system"
    return f"{words_of(answer.found.means, answer.profile.watch.poll_interval)} ({kind})"


def words_of(means: Means | None, poll_interval: float) -> str:
    """By what a change is seen, in words."""
    polled = f"polled every {poll_interval:g} s"
    match means:
        case Means.POLL:
            return polled
        case Means.BOTH:
            return f"changes are told by events, and it is {polled}, since others write there unseen"
        case Means.EVENTS | None:
            return "changes are told by events"


def _path_as_json(path: str, answers: Sequence[_Answer]) -> dict[str, object]:
    return {"path": path, "profile_of": _owner(path, answers), "profiles": [_as_json(each) for each in answers]}


def _as_json(answer: _Answer) -> dict[str, object]:
    found = answer.found
    return {
        "profile": answer.profile.name,
        "profile_file": str(answer.profile.file),
        "watched": answer.is_watched,
        "watched_once_imported": answer.is_watched_once_imported,
        "verdict": found.verdict.value,
        "root": found.root,
        "rule": found.rule,
        "is_default": _is_default(answer),
        "file": found.file,
        "line": found.line if found.file else None,
        "decided_at": found.decided_at,
        "backend": found.means and found.means.value,
        "file_system": file_system_at(found.path) or None,
    }


def _is_default(answer: _Answer) -> bool | None:
    """Whether the rule is built in; None where it is a file's, or where there is none."""
    found = answer.found
    if found.rule is None or found.file is not None:
        return None
    return _is_built_in(answer) if found.verdict is Verdict.EXCLUDED else not _gives(answer, "include")
