"""How long from a save to the new code's first answer: `python -m tests.benchmarks.restart [ROUNDS]`.

Beside each way stands the app's own cold start, measured in turn with it, because no restart that begins a new process
can be shorter; what is above it is the reloader's.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.contestants import (
    PARTS,
    ColdReloadd,
    ColdStart,
    Contestant,
    Reloadd,
    StatReloader,
    WatchdogReloader,
)
from tests.benchmarks.figures import Series, circumstances, table
from tests.support.environments import environment
from tests.support.interpreters import Interpreter, find_interpreters

ROUNDS = 25
_WARM_UP = 2
_LONGEST_REST = 1.0
"""Seconds. The rest before each measurement is of random length, so that a reloader that looks once a second is not
always met at the same point."""

Way = tuple[type[Contestant], str]

CONTEST: tuple[Way, ...] = (
    (ColdStart, "wsgiref"),
    (ColdReloadd, "wsgiref"),
    (Reloadd, "wsgiref"),
    (ColdStart, "werkzeug"),
    (ColdReloadd, "werkzeug"),
    (Reloadd, "werkzeug"),
    (StatReloader, "werkzeug"),
    (WatchdogReloader, "werkzeug"),
)


def main(rounds: int) -> None:
    """Measure and print two tables."""
    interpreter = _interpreter_of_the_daemon()
    # Its reloader hears nothing from watchdog 7, which changed its patterns.
    python = environment(interpreter, "werkzeug", "watchdog<7")
    measured, parts = _measure(python, rounds)
    print(f"{circumstances(interpreter.full_version)}, {rounds} rounds; milliseconds\n")  # noqa: T201 - its purpose
    print(table(_HEAD, _rows(measured)))  # noqa: T201 - its purpose
    print("\nMedians of where reloadd's time went, by its own records:\n")  # noqa: T201 - its purpose
    rows = [[server, kind.name, *(f"{each.median:.0f}" for each in steps.values())] for (kind, server), steps in parts]
    print(table(("server", "way", *PARTS), rows))  # noqa: T201 - its purpose


def _interpreter_of_the_daemon() -> Interpreter:
    version = sys.version_info[:2]
    return next(each for each in find_interpreters() if each.version == version)


def _measure(python: Path, rounds: int) -> tuple[dict[Way, Series], list[tuple[Way, dict[str, Series]]]]:
    """All ways in turn, round by round, so that what else the machine does meets all alike."""
    values: dict[Way, list[float]] = {each: [] for each in CONTEST}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contestants = {}
        for number, (kind, server) in enumerate(CONTEST):
            directory = home / str(number)
            directory.mkdir()
            contestants[kind, server] = stack.enter_context(kind(directory, python, server))
        for turn in range(-_WARM_UP, rounds):
            for each, contestant in contestants.items():
                time.sleep(random.uniform(_LONGEST_REST / 5, _LONGEST_REST))  # noqa: S311 - no secret
                took = contestant.measure(f"version {turn}")
                if turn >= 0:
                    values[each].append(took * 1000)
        parts = [(way, each.parts()) for way, each in contestants.items() if isinstance(each, Reloadd)]
    return {each: Series(tuple(series)) for each, series in values.items()}, parts


_HEAD = ("server", "way", "median", "least", "middle half", "most", "median over the cold start's", "more than it")


def _rows(measured: dict[Way, Series]) -> list[list[str]]:
    rows = []
    for (kind, server), series in measured.items():
        floor = measured[ColdStart, server].median
        rows.append(
            [
                server,
                kind.name,
                f"{series.median:.0f}",
                f"{series.least:.0f}",
                series.quartiles,
                f"{series.most:.0f}",
                f"{series.median / floor:.2f}",
                f"{series.median - floor:+.0f}",
            ]
        )
    return rows


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
