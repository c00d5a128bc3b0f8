"""What is said of paths that do not lead to what is wanted.

Each case is the files and the whole drawing, as it stands on the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CASES: dict[str, tuple[Mapping[str, str | bytes], str]] = {
    "a script that is not there": (
        {
            "dev.toml": """\
[target]
script = "mian.py"
""",
            "main.py": """\
""",
        },
        """\
error: there is no file or directory `mian.py`
 --> dev.toml:2:10
  |
2 | script = "mian.py"
  |          ^^^^^^^^^ /home/me/shop/mian.py does not exist
  = hint: did you mean "main.py"?

dev.toml: 1 problem, nothing was started""",
    ),
    "a script that is a directory": (
        {
            "dev.toml": """\
[target]
script = "app"
""",
            "app/": """\
""",
        },
        """\
error: `app` is a directory without a `__main__.py`
 --> dev.toml:2:10
  |
2 | script = "app"
  |          ^^^^^ expected a Python file, or a directory that Python can run
  = hint: name a file in it

dev.toml: 1 problem, nothing was started""",
    ),
    "a directory that is not there": (
        {
            "dev.toml": """\
[target]
module = "m"
directory = "backend/src"
"""
        },
        """\
error: there is no directory `backend/src`
 --> dev.toml:3:13
  |
3 | directory = "backend/src"
  |             ^^^^^^^^^^^^^ /home/me/shop/backend/src does not exist
  = hint: relative paths are relative to the profile's file

dev.toml: 1 problem, nothing was started""",
    ),
    "a directory that is a file": (
        {
            "dev.toml": """\
[target]
module = "m"
directory = "src/main.py"
""",
            "src/main.py": """\
""",
        },
        """\
error: `src/main.py` is a file, not a directory
 --> dev.toml:3:13
  |
3 | directory = "src/main.py"
  |             ^^^^^^^^^^^^^ found /home/me/shop/src/main.py
  = hint: write "src"

dev.toml: 1 problem, nothing was started""",
    ),
    "roots that are not there": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[watch]
roots = ["srcc", "src", "templates"]
""",
            "src/": """\
""",
        },
        """\
error: there is no file or directory `srcc`
 --> dev.toml:5:10
  |
5 | roots = ["srcc", "src", "templates"]
  |          ^^^^^^ /home/me/shop/srcc does not exist
  = hint: did you mean "src"?

error: there is no file or directory `templates`
 --> dev.toml:5:25
  |
5 | roots = ["srcc", "src", "templates"]
  |                         ^^^^^^^^^^^ /home/me/shop/templates does not exist
  = hint: make it, or name a file or directory that is there

dev.toml: 2 problems, nothing was started""",
    ),
    "an interpreter that is not there": (
        {
            "dev.toml": """\
[target]
module = "m"
python = ".venv/bin/python"
"""
        },
        """\
error: there is no program `.venv/bin/python`
 --> dev.toml:3:10
  |
3 | python = ".venv/bin/python"
  |          ^^^^^^^^^^^^^^^^^^ /home/me/shop/.venv/bin/python does not exist
  = hint: relative paths are relative to the profile's file

dev.toml: 1 problem, nothing was started""",
    ),
    "an interpreter that is a directory": (
        {
            "dev.toml": """\
[target]
module = "m"
python = ".venv"
""",
            ".venv/bin/python": """\
""",
        },
        """\
error: `.venv` is a directory, not a program
 --> dev.toml:3:10
  |
3 | python = ".venv"
  |          ^^^^^^^ found /home/me/shop/.venv
  = hint: write ".venv/bin/python"

dev.toml: 1 problem, nothing was started""",
    ),
    "an interpreter that is not executable": (
        {
            "dev.toml": """\
[target]
module = "m"
python = "bin/python"
""",
            "bin/python": """\
""",
        },
        """\
error: `bin/python` is not executable
 --> dev.toml:3:10
  |
3 | python = "bin/python"
  |          ^^^^^^^^^^^^ found /home/me/shop/bin/python
  = hint: run `chmod +x bin/python`

dev.toml: 1 problem, nothing was started""",
    ),
    "an environment without its interpreter": (
        {
            "dev.toml": """\
[target]
module = "m"
""",
            ".venv/pyvenv.cfg": """\
""",
        },
        """\
error: there is no program `.venv/bin/python`
 --> dev.toml:1:1
  |
1 | [target]
  | ^^^^^^^^ /home/me/shop/.venv/bin/python does not exist
  = hint: make `.venv` anew, or name another with `python = "..."`

dev.toml: 1 problem, nothing was started""",
    ),
    "an env-file that is not there": (
        {
            "dev.toml": """\
[target]
module = "m"
env-file = ".env"
"""
        },
        """\
error: there is no file `.env`
 --> dev.toml:3:12
  |
3 | env-file = ".env"
  |            ^^^^^^ /home/me/shop/.env does not exist
  = hint: make it, or name a file that is there

dev.toml: 1 problem, nothing was started""",
    ),
    "an env-file that is a directory": (
        {
            "dev.toml": """\
[target]
module = "m"
env-file = "conf"
""",
            "conf/": """\
""",
        },
        """\
error: `conf` is a directory, not a file
 --> dev.toml:3:12
  |
3 | env-file = "conf"
  |            ^^^^^^ found /home/me/shop/conf
  = hint: name a file in it

dev.toml: 1 problem, nothing was started""",
    ),
    "an env-file with a wrong line": (
        {
            "dev.toml": """\
[target]
module = "m"
env-file = ".env"
""",
            ".env": """\
A=1

B = 'x
""",
        },
        """\
error: the `env-file` `.env` cannot be used
 --> dev.toml:3:12
  |
3 | env-file = ".env"
  |            ^^^^^^ line 3: expected `NAME=value`
  = hint: it is UTF-8 text with one `NAME=value` a line

dev.toml: 1 problem, nothing was started""",
    ),
    "an env-file that is not UTF-8": (
        {
            "dev.toml": """\
[target]
module = "m"
env-file = ".env"
""",
            ".env": b"A=1\nB=\xe9\n",
        },
        """\
error: the `env-file` `.env` cannot be used
 --> dev.toml:3:12
  |
3 | env-file = ".env"
  |            ^^^^^^ line 2: the file is not UTF-8
  = hint: it is UTF-8 text with one `NAME=value` a line

dev.toml: 1 problem, nothing was started""",
    ),
    "TLS files that are not there": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"
tls-cert = "cert.pem"
tls-key = "certs/key.pem"
""",
            "certs/kex.pem": """\
""",
        },
        """\
error: there is no file `cert.pem`
 --> dev.toml:6:12
  |
6 | tls-cert = "cert.pem"
  |            ^^^^^^^^^^ /home/me/shop/cert.pem does not exist
  = hint: make it, or name a file that is there

error: there is no file `certs/key.pem`
 --> dev.toml:7:11
  |
7 | tls-key = "certs/key.pem"
  |           ^^^^^^^^^^^^^^^ /home/me/shop/certs/key.pem does not exist
  = hint: did you mean "certs/kex.pem"?

dev.toml: 2 problems, nothing was started""",
    ),
    "a program that is not there": (
        {
            "dev.toml": """\
[target]
command = ["no-such-program", "run"]
"""
        },
        """\
error: there is no program `no-such-program`
 --> dev.toml:2:12
  |
2 | command = ["no-such-program", "run"]
  |            ^^^^^^^^^^^^^^^^^ not found on `PATH`
  = hint: install it, or write its path

dev.toml: 1 problem, nothing was started""",
    ),
    "a program with its arguments in one string": (
        {
            "dev.toml": """\
[target]
command = ["npm run dev"]
"""
        },
        """\
error: there is no program `npm run dev`
 --> dev.toml:2:12
  |
2 | command = ["npm run dev"]
  |            ^^^^^^^^^^^^^ not found on `PATH`
  = hint: write each word as a string of its own: ["npm", "run", "dev"]

dev.toml: 1 problem, nothing was started""",
    ),
    "a program in the working directory": (
        {
            "dev.toml": """\
[target]
command = ["serve"]
""",
            "serve": """\
""",
        },
        """\
error: there is no program `serve`
 --> dev.toml:2:12
  |
2 | command = ["serve"]
  |            ^^^^^^^ not found on `PATH`
  = hint: write "./serve" for the file in the working directory

dev.toml: 1 problem, nothing was started""",
    ),
    "a program's path that is not there": (
        {
            "dev.toml": """\
[target]
command = ["./srve"]
""",
            "serve": """\
""",
        },
        """\
error: there is no program `./srve`
 --> dev.toml:2:12
  |
2 | command = ["./srve"]
  |            ^^^^^^^^ /home/me/shop/srve does not exist
  = hint: did you mean "./serve"?

dev.toml: 1 problem, nothing was started""",
    ),
    "a program that is not executable": (
        {
            "dev.toml": """\
[target]
command = ["./serve"]
""",
            "serve": """\
""",
        },
        """\
error: `./serve` is not executable
 --> dev.toml:2:12
  |
2 | command = ["./serve"]
  |            ^^^^^^^^^ found /home/me/shop/serve
  = hint: run `chmod +x ./serve`

dev.toml: 1 problem, nothing was started""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_path_that_leads_elsewhere_is_drawn(case: str, tmp_path: Path) -> None:
    """The whole drawing is as expected, and nothing else is said."""
    files, drawing = CASES[case]

    assert drawing == ProfileDirectory(tmp_path).write(files).drawn("dev.toml")
