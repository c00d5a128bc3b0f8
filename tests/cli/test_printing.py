"""What the commands print for people."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from reloadd.cli.kept import since
from reloadd.cli.printing import Cell, Column, draw_table, duration, harmless, size

COLUMNS = (Column("NAME"), Column("PID", rank=2, is_number=True), Column("ADDRESS", rank=1))
ROWS = [[Cell("web", "32"), Cell("42"), Cell("127.0.0.1:8000")], [Cell("worker"), Cell("4242"), Cell("")]]


def test_a_table_is_aligned() -> None:
    """Text to the left, numbers to the right, no blanks at the end."""
    assert draw_table(COLUMNS, ROWS, width=None, colour=False) == [
        "NAME     PID  ADDRESS",
        "web       42  127.0.0.1:8000",
        "worker  4242",
    ]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (28, ["NAME     PID  ADDRESS", "web       42  127.0.0.1:8000", "worker  4242"]),
        (24, ["NAME     PID  ADDRESS", "web       42  127.0.0.1…", "worker  4242"]),
        (20, ["NAME    ADDRESS", "web     127.0.0.1:8…", "worker"]),
        (7, ["NAME", "web", "worker"]),
    ],
)
def test_a_narrow_terminal_has_fewer_columns_and_no_broken_lines(width: int, lines: list[str]) -> None:
    """The last column is cut first; then those are left out that matter least."""
    drawn = draw_table(COLUMNS, ROWS, width=width, colour=False)

    assert drawn == lines
    assert max(map(len, drawn)) <= width


def test_what_is_of_no_use_when_cut_stays_whole() -> None:
    """An address without its port says nothing: what stands before it is left out first."""
    columns = (Column("NAME"), Column("SINCE", rank=2, is_number=True), Column("ADDRESS", rank=1, least=14))
    rows = [[Cell("web"), Cell("3m"), Cell("127.0.0.1:8000")]]

    assert draw_table(columns, rows, width=25, colour=False) == ["NAME  ADDRESS", "web   127.0.0.1:8000"]


def test_colour_never_carries_meaning() -> None:
    """Without its escapes a coloured table is the plain one."""
    coloured = draw_table(COLUMNS, ROWS, width=24, colour=True)

    assert "\x1b[32mweb   \x1b[0m" in coloured[1]
    assert [harmless(line, colour=False).rstrip() for line in coloured] == draw_table(
        COLUMNS, ROWS, width=24, colour=False
    )


def test_escapes_are_taken_out_whole() -> None:
    """Cursor movements, window titles, and colours where none are wanted; the text between them stays."""
    text = "\x1b[1;31merror\x1b[0m: \x1b[2Ka\x1b]0;title\x07b\x1b]8;;x\x1b\\c\x1bM[d]\x08\t\x00!"

    assert harmless(text, colour=False) == "error: abc[d]\t!"
    assert harmless(text, colour=True) == "\x1b[1;31merror\x1b[0m: abc[d]\t!"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0s"), (0.9, "0s"), (59, "59s"), (60, "1m"), (7199, "1h"), (90000, "1d")]
)
def test_durations_have_one_unit(seconds: float, shown: str) -> None:
    """The largest that fits."""
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (42_000_000, "42 MB"), (2 * 10**9, "2.0 GB")]
)
def test_sizes_have_two_digits(count: int, shown: str) -> None:
    """Powers of a thousand, as their names say."""
    assert size(count) == shown


def stamp(moment: datetime) -> str:
    """A moment as `timestamp` has it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_since_takes_durations_clocks_and_dates() -> None:
    """Local times, as people say them; the answer compares with any `timestamp`."""
    before = stamp(datetime.now().astimezone() - timedelta(minutes=10))
    ten_minutes = since("10m")
    after = stamp(datetime.now().astimezone() - timedelta(minutes=10))
    clock = since("0:00")

    assert before <= ten_minutes <= after
    assert since("2026-11-22T12:30") == stamp(datetime(2026, 11, 22, 12, 30).astimezone())
    assert since("2026-11-22") == stamp(datetime(2026, 11, 22).astimezone())
    assert since("2026-11-22T12:30+02:00") == "2026-11-22T10:30:00.000000Z"
    assert clock <= stamp(datetime.now().astimezone())
    assert clock >= stamp(datetime.now().astimezone() - timedelta(hours=25))


@pytest.mark.parametrize("word", ["", "noon", "10", "10x", "25:00", "2026-13-01", "9999999999999d"])
def test_since_refuses_what_is_no_time(word: str) -> None:
    """And says what one looks like."""
    with pytest.raises(argparse.ArgumentTypeError, match=f"no time `{word}`, expected one such as `10m`"):
        since(word)
