"""What is said of strings that have a form of their own: apps, modules, addresses, paths of requests.

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
    "an app without an attribute": (
        {
            "dev.toml": """\
[target]
app = "shop.main"

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `target.app` names no attribute
 --> dev.toml:2:7
  |
2 | app = "shop.main"
  |       ^^^^^^^^^^^ expected "module:attribute"
  = hint: write `app = "shop.main:app"`, or `module = "shop.main"` to run it as `python -m` does

dev.toml: 1 problem, nothing was started""",
    ),
    "an app that is a file": (
        {
            "dev.toml": """\
[target]
app = "shop/main.py:app"

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `shop/main.py` is no module's name
 --> dev.toml:2:7
  |
2 | app = "shop/main.py:app"
  |       ^^^^^^^^^^^^^^^^^^ expected "module:attribute"
  = hint: write `app = "shop.main:app"`

dev.toml: 1 problem, nothing was started""",
    ),
    "an app that is only a file": (
        {
            "dev.toml": """\
[target]
app = "./main.py"

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `target.app` names no attribute
 --> dev.toml:2:7
  |
2 | app = "./main.py"
  |       ^^^^^^^^^^^ expected "module:attribute"
  = hint: write `app = "main:app"`, or `module = "main"` to run it as `python -m` does

dev.toml: 1 problem, nothing was started""",
    ),
    "an app with an empty attribute": (
        {
            "dev.toml": """\
[target]
app = "shop.main:"

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `target.app` names no attribute
 --> dev.toml:2:7
  |
2 | app = "shop.main:"
  |       ^^^^^^^^^^^^ expected "module:attribute" or "module:factory()"
  = hint: write `app = "shop.main:app"`

dev.toml: 1 problem, nothing was started""",
    ),
    "an app with arguments for its factory": (
        {
            "dev.toml": """\
[target]
app = "shop.main:create(1)"

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `create(1)` is no attribute's name
 --> dev.toml:2:7
  |
2 | app = "shop.main:create(1)"
  |       ^^^^^^^^^^^^^^^^^^^^^ expected "module:attribute" or "module:factory()"
  = hint: write `app = "shop.main:app"`

dev.toml: 1 problem, nothing was started""",
    ),
    "an app without a module": (
        {
            "dev.toml": """\
[target]
app = ":app"

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `target.app` names no module
 --> dev.toml:2:7
  |
2 | app = ":app"
  |       ^^^^^^ expected "module:attribute"
  = hint: write `app = "main:app"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a module that is a file": (
        {
            "dev.toml": """\
[target]
module = "manage.py"
"""
        },
        """\
error: `manage.py` is a path, not a module's name
 --> dev.toml:2:10
  |
2 | module = "manage.py"
  |          ^^^^^^^^^^^ expected a dotted name
  = hint: write `script = "manage.py"`, or `module = "manage"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a module that is no name": (
        {
            "dev.toml": """\
[target]
module = "shop..worker"
"""
        },
        """\
error: `shop..worker` is no module's name
 --> dev.toml:2:10
  |
2 | module = "shop..worker"
  |          ^^^^^^^^^^^^^^ expected a dotted name
  = hint: write `module = "package.module"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a port out of range": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "127.0.0.1:80000"
"""
        },
        """\
error: port 80000 is out of range
 --> dev.toml:5:8
  |
5 | http = "127.0.0.1:80000"
  |        ^^^^^^^^^^^^^^^^^ expected 0 to 65535
  = hint: port 0 takes any that is free, once

dev.toml: 1 problem, nothing was started""",
    ),
    "a port that is no number": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "127.0.0.1:http"
"""
        },
        """\
error: `127.0.0.1:http` has no port number
 --> dev.toml:5:8
  |
5 | http = "127.0.0.1:http"
  |        ^^^^^^^^^^^^^^^^ expected a number from 0 to 65535 after the colon
  = hint: write "127.0.0.1:8000"

dev.toml: 1 problem, nothing was started""",
    ),
    "an address without a port": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "localhost"
"""
        },
        """\
error: `localhost` names no port
 --> dev.toml:5:8
  |
5 | http = "localhost"
  |        ^^^^^^^^^^^ expected "host:port"
  = hint: write "localhost:8000", or port 0 for any that is free

dev.toml: 1 problem, nothing was started""",
    ),
    "an address without a host": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = ":8000"
"""
        },
        """\
error: `:8000` names no host
 --> dev.toml:5:8
  |
5 | http = ":8000"
  |        ^^^^^^^ expected "host:port"
  = hint: write "127.0.0.1:8000" for this machine alone, or "0.0.0.0:8000" for every network

dev.toml: 1 problem, nothing was started""",
    ),
    "a port in quotes": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "8000"
"""
        },
        """\
error: `8000` names no host
 --> dev.toml:5:8
  |
5 | http = "8000"
  |        ^^^^^^ expected "host:port"
  = hint: write "127.0.0.1:8000"

dev.toml: 1 problem, nothing was started""",
    ),
    "a port without quotes": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = 8000
"""
        },
        """\
error: `listen.http` must be an address
 --> dev.toml:5:8
  |
5 | http = 8000
  |        ^^^^ found the number 8000
  = hint: write `http = "127.0.0.1:8000"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a URL": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "http://127.0.0.1:8000/"
"""
        },
        """\
error: `http://127.0.0.1:8000/` is a URL, not an address
 --> dev.toml:5:8
  |
5 | http = "http://127.0.0.1:8000/"
  |        ^^^^^^^^^^^^^^^^^^^^^^^^ expected "host:port"
  = hint: write "127.0.0.1:8000"

dev.toml: 1 problem, nothing was started""",
    ),
    "an IPv6 address without brackets": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "::1:8000"
"""
        },
        """\
error: the host of `::1:8000` is not clear
 --> dev.toml:5:8
  |
5 | http = "::1:8000"
  |        ^^^^^^^^^^ an IPv6 host stands in brackets
  = hint: write "[::1]:8000"

dev.toml: 1 problem, nothing was started""",
    ),
    "a wrong IPv6 address": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "[::g]:8000"
"""
        },
        """\
error: `::g` is no IPv6 address
 --> dev.toml:5:8
  |
5 | http = "[::g]:8000"
  |        ^^^^^^^^^^^^ expected one in the brackets
  = hint: write "[::1]:8000"

dev.toml: 1 problem, nothing was started""",
    ),
    "a host with a space": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "my host:80"
"""
        },
        """\
error: `my host` is no host
 --> dev.toml:5:8
  |
5 | http = "my host:80"
  |        ^^^^^^^^^^^^ expected a name or an IP address
  = hint: write "127.0.0.1:80"

dev.toml: 1 problem, nothing was started""",
    ),
    "a path without `unix:`": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "/run/app.sock"
"""
        },
        """\
error: `/run/app.sock` is no address
 --> dev.toml:5:8
  |
5 | http = "/run/app.sock"
  |        ^^^^^^^^^^^^^^^ expected "host:port" or "unix:PATH"
  = hint: write "unix:/run/app.sock"

dev.toml: 1 problem, nothing was started""",
    ),
    "`unix:` without a path": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "unix:"
"""
        },
        """\
error: `unix:` names no path
 --> dev.toml:5:8
  |
5 | http = "unix:"
  |        ^^^^^^^ expected a path after the colon
  = hint: write "unix:run/app.sock"

dev.toml: 1 problem, nothing was started""",
    ),
    "a socket in a directory that is not there": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "unix:run/app.sock"
"""
        },
        """\
error: there is no directory `run`
 --> dev.toml:5:8
  |
5 | http = "unix:run/app.sock"
  |        ^^^^^^^^^^^^^^^^^^^ /home/me/shop/run does not exist
  = hint: make it, or name a directory that is there

dev.toml: 1 problem, nothing was started""",
    ),
    "a socket's path that is too long": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "unix:/tmp/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
"""
        },
        """\
error: the path of a socket is too long
 --> dev.toml:5:8
  |
5 | http = "unix:/tmp/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
  |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected at most 107 bytes, found 115
  = hint: use a shorter path, such as one in /tmp or $XDG_RUNTIME_DIR

dev.toml: 1 problem, nothing was started""",
    ),
    "a socket's name that is not kebab-case": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
adminPort = "127.0.0.1:9000"
"""
        },
        """\
error: `adminPort` is no socket's name
 --> dev.toml:5:1
  |
5 | adminPort = "127.0.0.1:9000"
  | ^^^^^^^^^ expected small letters, digits and `-`
  = hint: write `admin-port`

dev.toml: 1 problem, nothing was started""",
    ),
    "a misspelled key of `[listen]`": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "127.0.0.1:8000"
tls-crt = "cert.pem"
"""
        },
        """\
error: unknown key `tls-crt` in `[listen]`
 --> dev.toml:6:1
  |
6 | tls-crt = "cert.pem"
  | ^^^^^^^ did you mean `tls-cert`?

dev.toml: 1 problem, nothing was started""",
    ),
    "a ready path without a slash": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"

[ready]
http = "health"
"""
        },
        """\
error: `ready.http` is no path
 --> dev.toml:8:8
  |
8 | http = "health"
  |        ^^^^^^^^ expected it to begin with `/`
  = hint: write `http = "/health"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a ready path that is a URL": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"

[ready]
http = "http://127.0.0.1:8000/health"
"""
        },
        """\
error: `ready.http` is a path, not a URL
 --> dev.toml:8:8
  |
8 | http = "http://127.0.0.1:8000/health"
  |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected it to begin with `/`
  = hint: write `http = "/health"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a ready path with a space": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"

[ready]
http = "/a b"
"""
        },
        """\
error: `ready.http` is no path
 --> dev.toml:8:8
  |
8 | http = "/a b"
  |        ^^^^^^ expected plain characters
  = hint: write others as `%XX`

dev.toml: 1 problem, nothing was started""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_string_of_the_wrong_form_is_drawn(case: str, tmp_path: Path) -> None:
    """The whole drawing is as expected, and nothing else is said."""
    files, drawing = CASES[case]

    assert drawing == ProfileDirectory(tmp_path).write(files).drawn("dev.toml")
