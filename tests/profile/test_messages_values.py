"""What is said of keys that are unknown and of values that are of another kind.

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
    "an unknown key close to one": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
inculde = ["**/*.py"]
"""
        },
        """\
error: unknown key `inculde` in `[watch]`
 --> dev.toml:5:1
  |
5 | inculde = ["**/*.py"]
  | ^^^^^^^ did you mean `include`?

dev.toml: 1 problem, nothing was started""",
    ),
    "an unknown key close to none": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[ready]
zzzzzz = 1
"""
        },
        """\
error: unknown key `zzzzzz` in `[ready]`
 --> dev.toml:5:1
  |
5 | zzzzzz = 1
  | ^^^^^^ expected `finished`, `http`, `listening`, `started` or `told`

dev.toml: 1 problem, nothing was started""",
    ),
    "an unknown key of another table": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
on-exit = "never"
"""
        },
        """\
error: unknown key `on-exit` in `[watch]`
 --> dev.toml:5:1
  |
5 | on-exit = "never"
  | ^^^^^^^ it belongs in `[restart]`

dev.toml: 1 problem, nothing was started""",
    ),
    "a top-level key in a table": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]
name = "shop"
"""
        },
        """\
error: unknown key `name` in `[target]`
 --> dev.toml:3:1
  |
3 | name = "shop"
  | ^^^^ it belongs above all tables

dev.toml: 1 problem, nothing was started""",
    ),
    "an unknown table": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[wach]
roots = ["."]
"""
        },
        """\
error: unknown table `wach`
 --> dev.toml:4:2
  |
4 | [wach]
  |  ^^^^ did you mean `watch`?

dev.toml: 1 problem, nothing was started""",
    ),
    "a key of a table at the top": (
        {
            "dev.toml": """\
poll-interval = 1

[target]
command = ["sleep", "1"]
"""
        },
        """\
error: unknown key `poll-interval`
 --> dev.toml:1:1
  |
1 | poll-interval = 1
  | ^^^^^^^^^^^^^ it belongs in `[watch]`

dev.toml: 1 problem, nothing was started""",
    ),
    "a table as a value": (
        {
            "dev.toml": """\
target = 3
"""
        },
        """\
error: `target` must be a table
 --> dev.toml:1:10
  |
1 | target = 3
  |          ^ found the number 3
  = hint: write the header `[target]`

dev.toml: 1 problem, nothing was started""",
    ),
    "a table as an array of tables": (
        {
            "dev.toml": """\
[[target]]
module = "m"
"""
        },
        """\
error: `target` must be a table
 --> dev.toml:1:3
  |
1 | [[target]]
  |   ^^^^^^ found an array
  = hint: write `[target]` once, in single brackets

dev.toml: 1 problem, nothing was started""",
    ),
    "a duration with a unit": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
poll-interval = "500ms"
"""
        },
        """\
error: `watch.poll-interval` must be a number of seconds
 --> dev.toml:5:17
  |
5 | poll-interval = "500ms"
  |                 ^^^^^^^ found the string "500ms"
  = hint: write `poll-interval = 0.5`

dev.toml: 1 problem, nothing was started""",
    ),
    "a duration that is no number": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
stop-timeout = true
"""
        },
        """\
error: `restart.stop-timeout` must be a number of seconds
 --> dev.toml:5:16
  |
5 | stop-timeout = true
  |                ^^^^ found the boolean true
  = hint: write `stop-timeout = 5`

dev.toml: 1 problem, nothing was started""",
    ),
    "a number that is not finite": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
stop-timeout = inf
"""
        },
        """\
error: `restart.stop-timeout` is out of range
 --> dev.toml:5:16
  |
5 | stop-timeout = inf
  |                ^^^ expected a finite number
  = hint: write `stop-timeout = 5`

dev.toml: 1 problem, nothing was started""",
    ),
    "an interval that is too short": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
poll-interval = 0.001
"""
        },
        """\
error: `watch.poll-interval` is out of range
 --> dev.toml:5:17
  |
5 | poll-interval = 0.001
  |                 ^^^^^ expected 0.01 or more
  = hint: write `poll-interval = 0.5`

dev.toml: 1 problem, nothing was started""",
    ),
    "a timeout below zero": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
stop-timeout = -1
"""
        },
        """\
error: `restart.stop-timeout` is out of range
 --> dev.toml:5:16
  |
5 | stop-timeout = -1
  |                ^^ expected 0 or more
  = hint: write `stop-timeout = 5`

dev.toml: 1 problem, nothing was started""",
    ),
    "a ready-timeout of zero": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
ready-timeout = 0
"""
        },
        """\
error: `restart.ready-timeout` is out of range
 --> dev.toml:5:17
  |
5 | ready-timeout = 0
  |                 ^ expected more than 0
  = hint: write `ready-timeout = 60`

dev.toml: 1 problem, nothing was started""",
    ),
    "settle below zero": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
settle = -0.1
"""
        },
        """\
error: `watch.settle` is out of range
 --> dev.toml:5:10
  |
5 | settle = -0.1
  |          ^^^^ expected 0 or more
  = hint: write `settle = 0.05`

dev.toml: 1 problem, nothing was started""",
    ),
    "a factor below one": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
backoff = { factor = 0.5 }
"""
        },
        """\
error: `restart.backoff.factor` is out of range
 --> dev.toml:5:22
  |
5 | backoff = { factor = 0.5 }
  |                      ^^^ expected 1 or more
  = hint: write `factor = 2`

dev.toml: 1 problem, nothing was started""",
    ),
    "attempts that are not whole": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
backoff = { attempts = 2.5 }
"""
        },
        """\
error: `restart.backoff.attempts` must be a whole number
 --> dev.toml:5:24
  |
5 | backoff = { attempts = 2.5 }
  |                        ^^^ found the number 2.5
  = hint: write `attempts = 5`

dev.toml: 1 problem, nothing was started""",
    ),
    "no attempts": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart.backoff]
attempts = 0
"""
        },
        """\
error: `restart.backoff.attempts` is out of range
 --> dev.toml:5:12
  |
5 | attempts = 0
  |            ^ expected 1 or more
  = hint: write `attempts = 5`

dev.toml: 1 problem, nothing was started""",
    ),
    "no threads": (
        {
            "dev.toml": """\
[target]
app = "shop:app"
threads = 0

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `target.threads` is out of range
 --> dev.toml:3:11
  |
3 | threads = 0
  |           ^ expected 1 or more
  = hint: write `threads = 4`

dev.toml: 1 problem, nothing was started""",
    ),
    "a flag in quotes": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
gitignore = "no"
"""
        },
        """\
error: `watch.gitignore` must be `true` or `false`
 --> dev.toml:5:13
  |
5 | gitignore = "no"
  |             ^^^^ found the string "no"
  = hint: write `gitignore = false`

dev.toml: 1 problem, nothing was started""",
    ),
    "a flag as other formats have it": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
gitignore = "yes"
"""
        },
        """\
error: `watch.gitignore` must be `true` or `false`
 --> dev.toml:5:13
  |
5 | gitignore = "yes"
  |             ^^^^^ found the string "yes"
  = hint: write `gitignore = true`

dev.toml: 1 problem, nothing was started""",
    ),
    "a choice that is turned on": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[warm]
mode = true
"""
        },
        """\
error: `warm.mode` must be a string
 --> dev.toml:5:8
  |
5 | mode = true
  |        ^^^^ found the boolean true
  = hint: write `mode = "auto"`

dev.toml: 1 problem, nothing was started""",
    ),
    "an unknown choice": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
on-exit = "on-crash"
"""
        },
        """\
error: `restart.on-exit` has no choice `on-crash`
 --> dev.toml:5:11
  |
5 | on-exit = "on-crash"
  |           ^^^^^^^^^^ expected `never`, `on-failure` or `always`

dev.toml: 1 problem, nothing was started""",
    ),
    "a signal without its prefix": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
stop-signal = "TERM"
"""
        },
        """\
error: `restart.stop-signal` has no choice `TERM`
 --> dev.toml:5:15
  |
5 | stop-signal = "TERM"
  |               ^^^^^^ expected `SIGTERM`, `SIGINT`, `SIGQUIT`, `SIGHUP`, `SIGUSR1`, `SIGUSR2`, `SIGWINCH` or `SIGKILL`
  = hint: did you mean `SIGTERM`?

dev.toml: 1 problem, nothing was started""",
    ),
    "an unknown backend": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
backend = "inotify"
"""
        },
        """\
error: `watch.backend` has no choice `inotify`
 --> dev.toml:5:11
  |
5 | backend = "inotify"
  |           ^^^^^^^^^ expected `auto`, `events` or `poll`

dev.toml: 1 problem, nothing was started""",
    ),
    "a choice of another type": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
handover = 1
"""
        },
        """\
error: `restart.handover` must be a string
 --> dev.toml:5:12
  |
5 | handover = 1
  |            ^ found the number 1
  = hint: write `handover = "replace"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a command as a line": (
        {
            "dev.toml": """\
[target]
command = "npm run 'my app'"
"""
        },
        """\
error: `target.command` must be an array of strings
 --> dev.toml:2:11
  |
2 | command = "npm run 'my app'"
  |           ^^^^^^^^^^^^^^^^^^ found the string "npm run 'my app'"
  = hint: write `command = ["npm", "run", "my app"]`

dev.toml: 1 problem, nothing was started""",
    ),
    "an empty command": (
        {
            "dev.toml": """\
[target]
command = []
"""
        },
        """\
error: `target.command` is empty
 --> dev.toml:2:11
  |
2 | command = []
  |           ^^ expected at least one string
  = hint: write `command = ["npm", "run", "dev"]`

dev.toml: 1 problem, nothing was started""",
    ),
    "arguments that are not all strings": (
        {
            "dev.toml": """\
[target]
module = "m"
args = ["a", 1, 2026-01-01, {}]
"""
        },
        """\
error: `target.args[1]` must be a string
 --> dev.toml:3:14
  |
3 | args = ["a", 1, 2026-01-01, {}]
  |              ^ found the number 1
  = hint: write `args = ["--verbose"]`

error: `target.args[2]` must be a string
 --> dev.toml:3:17
  |
3 | args = ["a", 1, 2026-01-01, {}]
  |                 ^^^^^^^^^^ found the date or time 2026-01-01
  = hint: write `args = ["--verbose"]`

error: `target.args[3]` must be a string
 --> dev.toml:3:29
  |
3 | args = ["a", 1, 2026-01-01, {}]
  |                             ^^ found a table
  = hint: write `args = ["--verbose"]`

dev.toml: 3 problems, nothing was started""",
    ),
    "variables that are not all strings": (
        {
            "dev.toml": """\
[target]
module = "m"
env = { PORT = 8000, DEBUG = true, "A=B" = "x" }
"""
        },
        """\
error: `target.env.PORT` must be a string
 --> dev.toml:3:16
  |
3 | env = { PORT = 8000, DEBUG = true, "A=B" = "x" }
  |                ^^^^ found the number 8000
  = hint: write `PORT = "8000"`

error: `target.env.DEBUG` must be a string
 --> dev.toml:3:30
  |
3 | env = { PORT = 8000, DEBUG = true, "A=B" = "x" }
  |                              ^^^^ found the boolean true
  = hint: write `DEBUG = "true"`

error: `A=B` is no variable's name
 --> dev.toml:3:36
  |
3 | env = { PORT = 8000, DEBUG = true, "A=B" = "x" }
  |                                    ^^^^^ expected a name without `=`
  = hint: write `NAME = "value"`

dev.toml: 3 problems, nothing was started""",
    ),
    "variables that are no table": (
        {
            "dev.toml": """\
[target]
module = "m"
env = ["PORT=8000"]
"""
        },
        """\
error: `target.env` must be a table of strings
 --> dev.toml:3:7
  |
3 | env = ["PORT=8000"]
  |       ^^^^^^^^^^^^^ found an array
  = hint: write `env = { DEBUG = "1" }`

dev.toml: 1 problem, nothing was started""",
    ),
    "an empty string": (
        {
            "dev.toml": """\
[target]
module = "m"
directory = ""
"""
        },
        """\
error: `target.directory` is empty
 --> dev.toml:3:13
  |
3 | directory = ""
  |             ^^ expected text
  = hint: write `directory = "backend"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a NUL character": (
        {
            "dev.toml": r"""[target]
module = "m"
directory = "a\u0000b"
"""
        },
        r"""error: `target.directory` holds a NUL character
 --> dev.toml:3:13
  |
3 | directory = "a\u0000b"
  |             ^^^^^^^^^^ no program can be given it
  = hint: remove it

dev.toml: 1 problem, nothing was started""",
    ),
    "no roots": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
roots = []
"""
        },
        """\
error: `watch.roots` is empty
 --> dev.toml:5:9
  |
5 | roots = []
  |         ^^ expected at least one string
  = hint: write `roots = ["src", "templates"]`

dev.toml: 1 problem, nothing was started""",
    ),
    "tls other than adhoc": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"
tls = "auto"
"""
        },
        """\
error: `listen.tls` has no choice `auto`
 --> dev.toml:6:7
  |
6 | tls = "auto"
  |       ^^^^^^ expected `adhoc`

dev.toml: 1 problem, nothing was started""",
    ),
    "told that is false": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"

[ready]
told = false
"""
        },
        """\
error: `ready.told` can only be true
 --> dev.toml:8:8
  |
8 | told = false
  |        ^^^^^ expected `true`
  = hint: leave the key out

dev.toml: 1 problem, nothing was started""",
    ),
    "listening that is false": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[ready]
listening = false
"""
        },
        """\
error: `ready.listening` can only be true
 --> dev.toml:5:13
  |
5 | listening = false
  |             ^^^^^ expected `true`
  = hint: leave the key out

dev.toml: 1 problem, nothing was started""",
    ),
    "a name with a space": (
        {
            "dev.toml": """\
name = "my shop"

[target]
command = ["sleep", "1"]
"""
        },
        """\
error: `my shop` is no profile's name
 --> dev.toml:1:8
  |
1 | name = "my shop"
  |        ^^^^^^^^^ expected letters, digits, `-`, `_` and `.`
  = hint: write `name = "my-shop"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a name that is a number": (
        {
            "dev.toml": """\
name = 3

[target]
command = ["sleep", "1"]
"""
        },
        """\
error: `name` must be a string
 --> dev.toml:1:8
  |
1 | name = 3
  |        ^ found the number 3
  = hint: write `name = "shop"`

dev.toml: 1 problem, nothing was started""",
    ),
    "tabs and wide characters before the place": (
        {"dev.toml": '[target]\ncommand = ["sleep", "1"]\n\n[watch]\nroots\t=\t["店", 3]\n'},
        """\
error: `watch.roots[1]` must be a string
 --> dev.toml:5:15
  |
5 | roots    =    ["店", 3]
  |                      ^ found the number 3
  = hint: write `roots = ["src", "templates"]`

dev.toml: 1 problem, nothing was started""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_key_or_value_is_drawn(case: str, tmp_path: Path) -> None:
    """The whole drawing is as expected, and nothing else is said."""
    files, drawing = CASES[case]

    assert drawing == ProfileDirectory(tmp_path).write(files).drawn("dev.toml")
