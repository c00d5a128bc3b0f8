"""What is said of text that is not TOML.

Each case is the files and the whole drawing, as it stands on the screen.
"""

# ruff: noqa: E501 - lines as the user sees them

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CASES: dict[str, tuple[Mapping[str, str | bytes], str]] = {
    "a key without a value": (
        {
            "dev.toml": """\
name
"""
        },
        """\
error: a key has no value
 --> dev.toml:1:5
  |
1 | name
  |     ^ expected `=`
  = hint: write `key = "value"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a value without quotes": (
        {
            "dev.toml": """\
name = shop
"""
        },
        """\
error: this is no TOML value
 --> dev.toml:1:8
  |
1 | name = shop
  |        ^ expected a value
  = hint: text stands in quotes, as in `"text"`

dev.toml: 1 problem, nothing was started""",
    ),
    "no key": (
        {
            "dev.toml": """\
= 3
"""
        },
        """\
error: this is no key
 --> dev.toml:1:1
  |
1 | = 3
  | ^ expected a key or a `[table]`

dev.toml: 1 problem, nothing was started""",
    ),
    "a string that is not closed": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app
"""
        },
        """\
error: a string is not closed
 --> dev.toml:2:7
  |
2 | app = "shop.main:app
  |       ^^^^^^^^^^^^^^ expected its closing quote
  = hint: end it with the quotes that it begins with

dev.toml: 1 problem, nothing was started""",
    ),
    "a long string that is not closed": (
        {"dev.toml": '[target]\napp = """shop\n\nmore\n'},
        'error: a string is not closed\n --> dev.toml:2:7\n  |\n2 | app = """shop\n  |       ^^^^^^^ expected its closing quote\n  = hint: end it with the quotes that it begins with\n\ndev.toml: 1 problem, nothing was started',
    ),
    "an array that is not closed": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"
"""
        },
        """\
error: an array is not closed
 --> dev.toml:2:11
  |
2 | command = ["sleep", "1"
  |           ^^^^^^^^^^^^^ expected `,` or `]`

dev.toml: 1 problem, nothing was started""",
    ),
    "an array that is not closed at the end": (
        {"dev.toml": "[target]\ncommand = [\n"},
        "error: an array is not closed\n --> dev.toml:2:11\n  |\n2 | command = [\n  |           ^ expected `,` or `]`\n\ndev.toml: 1 problem, nothing was started",
    ),
    "an inline table that is not closed": (
        {
            "dev.toml": """\
[restart]
backoff = { first = 1
"""
        },
        """\
error: an inline table is not closed
 --> dev.toml:2:11
  |
2 | backoff = { first = 1
  |           ^^^^^^^^^^^ expected `,` or `}`

dev.toml: 1 problem, nothing was started""",
    ),
    "a header that is not closed": (
        {
            "dev.toml": """\
[target
"""
        },
        """\
error: a table's header is not closed
 --> dev.toml:1:8
  |
1 | [target
  |        ^ expected `]`

dev.toml: 1 problem, nothing was started""",
    ),
    "two values on a line": (
        {
            "dev.toml": """\
name = "a" "b"
"""
        },
        """\
error: a line goes on after its value
 --> dev.toml:1:12
  |
1 | name = "a" "b"
  |            ^ expected the end of the line

dev.toml: 1 problem, nothing was started""",
    ),
    "an unknown escape": (
        {
            "dev.toml": r"""name = "C:\dev"
"""
        },
        r"""error: a string has an unknown escape
 --> dev.toml:1:13
  |
1 | name = "C:\dev"
  |             ^ before this
  = hint: write `\\`, or put the string in single quotes

dev.toml: 1 problem, nothing was started""",
    ),
    "a control character": (
        {"dev.toml": 'name = "a\x01b"\n'},
        """\
error: a control character stands in the file
 --> dev.toml:1:10
  |
1 | name = "a�b"
  |          ^ remove it

dev.toml: 1 problem, nothing was started""",
    ),
    "an impossible date": (
        {
            "dev.toml": """\
name = 2026-02-30T25:00:00
"""
        },
        """\
error: there is no such date
 --> dev.toml:1:8
  |
1 | name = 2026-02-30T25:00:00
  |        ^ expected a date, or quotes round text

dev.toml: 1 problem, nothing was started""",
    ),
    "a key given twice": (
        {
            "dev.toml": """\
name = "a"

[target]
module = "m"
module = "n"
"""
        },
        """\
error: `target.module` is given twice
 --> dev.toml:5:1
  |
5 | module = "n"
  | ^^^^^^ first given on line 4
  = hint: keep one of the two

dev.toml: 1 problem, nothing was started""",
    ),
    "a table given twice": (
        {
            "dev.toml": """\
[target]
module = "m"

[target]
args = []
"""
        },
        """\
error: `target` is given twice
 --> dev.toml:4:1
  |
4 | [target]
  | ^^^^^^^^ first given on line 1
  = hint: keep one of the two

dev.toml: 1 problem, nothing was started""",
    ),
    "a key given twice in an inline table": (
        {
            "dev.toml": """\
[restart]
backoff = { first = 1, first = 2 }
"""
        },
        """\
error: `restart.backoff.first` is given twice
 --> dev.toml:2:24
  |
2 | backoff = { first = 1, first = 2 }
  |                        ^^^^^ first given on line 2
  = hint: keep one of the two

dev.toml: 1 problem, nothing was started""",
    ),
    "a dotted key into a table that is there": (
        {
            "dev.toml": """\
target.module = "m"
[target]
args = []
"""
        },
        """\
error: a key or a table is given twice
 --> dev.toml:2:8
  |
2 | [target]
  |        ^ given before
  = hint: put all keys of a table under one header

dev.toml: 1 problem, nothing was started""",
    ),
    "nesting without end": (
        {
            "dev.toml": """\
a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
"""
        },
        """\
error: arrays or tables are nested too deeply
 --> dev.toml
  = hint: keep them flat

dev.toml: 1 problem, nothing was started""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_text_that_is_not_toml_is_drawn(case: str, tmp_path: Path) -> None:
    """The whole drawing is as expected, and nothing else is said."""
    files, drawing = CASES[case]

    assert drawing == ProfileDirectory(tmp_path).write(files).drawn("dev.toml")
