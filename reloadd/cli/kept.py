"""What the verbs that read back have in common: whose history is meant, and since when.

Never shows anything.
"""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reloadd.cli.daemons import meant
from reloadd.cli.parser import CommandError, UsageError
from reloadd.history.places import state_directory
from reloadd.history.reader import Kept, all_kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


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
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"`{state}` cannot be read: {reason}", "history is kept there for you alone") from error
    names = [*(kept.profile for kept in found if kept.profile is not None), *running]
    if words and not names:
        raise UsageError(f"nothing was kept of `{words[0]}`", f"nothing was kept at all in `{state}`")
    names = meant(words, names)
    if not words:
        return found
    return [kept for kept in found if kept.profile in names]


def unreadable(error: OSError) -> CommandError:
    """What to say of a file that cannot be read."""
    reason = (error.strerror or str(error)).lower()
    return CommandError(f"`{error.filename}` cannot be read: {reason}", "history is kept there for you alone")


def add_since(parser: argparse.ArgumentParser) -> None:
    """The option `--since`, which each verb that reads back has."""
    parser.add_argument("--since", metavar="WHEN", type=since, help="only from then on: 10m, 2h, 12:30, 2026-11-22")


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
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


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
