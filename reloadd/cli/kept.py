"""What the verbs that read history have in common: whose is meant, since when, and what was kept of it.

Never shows anything.
"""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reloadd.cli.daemons import meant
from reloadd.cli.parser import CommandError, OutputFormat, UsageError, add_names, add_output
from reloadd.core.reasons import reason_of
from reloadd.history.entries import timestamp
from reloadd.history.places import state_directory
from reloadd.history.reader import Kept, all_kept, read_restarts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reloadd.history.entries import Entry

_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What each verb that reads history is asked.

    Attributes:
        profiles: names and patterns; none for all.
        since: the `timestamp` from which on; None for all.
        output: how the answer is given.
    """

    profiles: tuple[str, ...]
    since: str | None
    output: OutputFormat

    @classmethod
    def of(cls, found: argparse.Namespace) -> Asked:
        """What the options that `add_asked` has added came to."""
        return cls(tuple(found.profiles), found.since, found.output)

    def restarts(self, *, is_meant: Callable[[Entry], bool] = lambda _: True, last: int | None = None) -> list[Entry]:
        """The rows that were kept of that, as `read_restarts` has them.

        Args:
            is_meant: which of them.
            last: how many of the newest; None for all.

        Raises:
            UsageError: a word means no profile of which anything was kept.
            CommandError: they cannot be read.
        """
        begin = self.since or ""
        try:
            return read_restarts(
                kept_of(self.profiles, os.environ),
                is_wanted=lambda row: is_meant(row) and row["timestamp"] >= begin,
                last=last,
            )
        except OSError as error:
            raise unreadable(error) from error


def add_asked(parser: argparse.ArgumentParser) -> None:
    """The names and options that each verb has that reads back."""
    add_names(parser)
    parser.add_argument("--since", metavar="WHEN", type=since, help="only from then on: 10m, 2h, 12:30, 2026-11-22")
    add_output(parser)


def kept_of(words: Sequence[str], environ: Mapping[str, str], *, running: Sequence[str] = ()) -> list[Kept]:
    """What was kept of the profiles that are meant, and of the daemons where none is named.

    Args:
        words: names and patterns; none for all.
        environ: where the state directory is looked up.
        running: names that may be meant as well, although nothing may have been kept of them.

    Raises:
        UsageError: a word means no profile of which anything was kept.
        CommandError: nothing can be read.
    """
    state = state_directory(environ)
    try:
        found = all_kept(state)
    except OSError as error:
        raise unreadable(error) from error
    names = [*(kept.profile for kept in found if kept.profile is not None), *running]
    if words and not names:
        raise UsageError(f"nothing was kept of `{words[0]}`", f"nothing was kept at all in `{state}`")
    names = meant(words, names)
    if not words:
        return found
    return [kept for kept in found if kept.profile in names]


def unreadable(error: OSError) -> CommandError:
    """What to say of a file that cannot be read."""
    message = f"`{error.filename}` cannot be read: {reason_of(error)}"
    return CommandError(message, "history is kept there for you alone")


def since(word: str) -> str:
    """The `timestamp` from which on entries are meant, from `10m`, `12:30`, `2026-11-22` or `2026-11-22T12:30`.

    Raises:
        argparse.ArgumentTypeError: the word is none of these.
    """
    present = datetime.now().astimezone()
    if (found := _AGO.fullmatch(word)) is not None:
        moment = _before(present, float(found[1]), found[2], word)
    elif _CLOCK.fullmatch(word):
        moment = _read(f"{present:%Y-%m-%d}T{word.zfill(5)}", word)
        if moment > present:
            moment -= timedelta(days=1)
    else:
        moment = _read(word, word)
    return timestamp(moment)


def _before(present: datetime, number: float, unit: str, word: str) -> datetime:
    try:
        return present - timedelta(**{_UNITS[unit]: number})
    except OverflowError:
        raise _no_time(word) from None


def _read(text: str, word: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise _no_time(word) from None


def _no_time(word: str) -> argparse.ArgumentTypeError:
    expected = "expected one such as `10m`, `2h`, `12:30` or `2026-11-22T12:30`"
    return argparse.ArgumentTypeError(f"no time `{word}`, {expected}")
