"""Records as lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from reloadd.core.records import Level, make_record, record
from reloadd.log import Form, Log

NOON = datetime(2026, 11, 22, 12, 42, 31, 486560, tzinfo=UTC)
EXIT = make_record(
    "child.exited",
    {
        "pid": 4377,
        "exit": "code 1 (failure)",
        "exit_code": 1,
        "signal": None,
        "asked": False,
        "uptime_s": 0.214,
        "error": "NameError: name 'x' is not defined",
        "file": "src/shop/views.py",
        "line": 3,
    },
    profile="shop",
    generation=3,
    level=Level.WARNING,
)


def lines(form: Form, *records: object, lowest: Level = Level.INFO, colour: bool = False) -> str:
    """What is written for some records."""
    written: list[str] = []
    log = Log(written.append, form=form, lowest=lowest, colour=colour, now=NOON.astimezone)
    for each in records:
        log(each)  # type: ignore[arg-type]  # records, from the tests below
    return "".join(written)


def test_json_is_one_object_a_line_in_a_fixed_order() -> None:
    """Programs find the same keys at the same place, with nulls for what does not apply."""
    text = lines(Form.JSON, EXIT)

    assert text.endswith("}\n")
    assert text.count("\n") == 1
    assert list(json.loads(text).items()) == [
        ("timestamp", "2026-11-22T12:42:31.486560Z"),
        ("level", "warning"),
        ("event", "child.exited"),
        ("profile", "shop"),
        ("generation", 3),
        ("pid", 4377),
        ("exit", "code 1 (failure)"),
        ("exit_code", 1),
        ("signal", None),
        ("asked", False),
        ("uptime_s", 0.214),
        ("error", "NameError: name 'x' is not defined"),
        ("file", "src/shop/views.py"),
        ("line", 3),
    ]


def test_console_says_it_in_columns() -> None:
    """People read who and what in the same place of each line; what does not apply is left out."""
    stamp = NOON.astimezone().strftime("%H:%M:%S")
    bound = record("socket.bound", profile="shop", socket="http", address="127.0.0.1:8000", origin=None)

    assert lines(Form.CONSOLE, bound, EXIT) == (
        f"{stamp} info    shop       socket.bound         socket=http  address=127.0.0.1:8000\n"
        f"{stamp} warning shop#3     child.exited         pid=4377  exit='code 1 (failure)'  asked=False  "
        "uptime_s=0.214  error=\"NameError: name 'x' is not defined\"  file=src/shop/views.py  line=3\n"
    )


def test_long_lists_are_cut_with_their_count() -> None:
    """A checkout of 500 files does not fill the screen."""
    settled = record(
        "change.settled", profile="shop", paths=tuple(f"f{n}.py" for n in range(500)), changes=500, settled_ms=90
    )

    assert "paths=f0.py,f1.py,f2.py,… (500 in all)  changes=500" in lines(Form.CONSOLE, settled)


def test_drawing_stands_below_its_line() -> None:
    """A rejected profile is drawn in the console as `reloadd check` draws it."""
    rejected = record("profile.rejected", problems=1, drawing="error: unknown key `x`\n")
    first, *rest = lines(Form.CONSOLE, rejected).splitlines()

    assert first.endswith("problems=1")
    assert rest[0] == "error: unknown key `x`"


def test_level_leaves_out_what_is_below() -> None:
    """Debug records are only written when asked for."""
    moved = record("supervisor.moved", profile="shop", before="down", after="starting")

    assert lines(Form.JSON, moved) == ""
    assert lines(Form.JSON, moved, lowest=Level.DEBUG) != ""


def test_colour_never_carries_meaning() -> None:
    """Without its escape codes the coloured line is the plain one."""
    painted = lines(Form.CONSOLE, EXIT, colour=True)
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        painted = painted.replace(code, "")

    assert lines(Form.CONSOLE, EXIT) == painted
