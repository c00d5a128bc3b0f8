"""What is said of keys that exclude, need or limit one another.

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
    "no `[target]`": (
        {
            "dev.toml": """\
name = "shop"
"""
        },
        """\
error: there is no `[target]`
 --> dev.toml
  = hint: write `[target]` and below it `app = "module:attribute"`, or what else is to run

dev.toml: 1 problem, nothing was started""",
    ),
    "nothing in `[target]`": (
        {
            "dev.toml": """\
[target]
args = ["-v"]
"""
        },
        """\
error: `[target]` names nothing to run
 --> dev.toml:1:1
  |
1 | [target]
  | ^^^^^^^^ expected `app`, `module`, `script` or `command`
  = hint: write `[target]` and below it `app = "module:attribute"`, or what else is to run

dev.toml: 1 problem, nothing was started""",
    ),
    "two targets": (
        {
            "dev.toml": """\
[target]
module = "shop"
script = "main.py"
"""
        },
        """\
error: `target.module` and `target.script` exclude each other
 --> dev.toml:3:1
  |
3 | script = "main.py"
  | ^^^^^^ `module` is given on line 2
  = hint: keep one of the two

dev.toml: 1 problem, nothing was started""",
    ),
    "a misspelled target": (
        {
            "dev.toml": """\
[target]
ap = "shop.main:app"
"""
        },
        """\
error: unknown key `ap` in `[target]`
 --> dev.toml:2:1
  |
2 | ap = "shop.main:app"
  | ^^ did you mean `app`?

dev.toml: 1 problem, nothing was started""",
    ),
    "an app without an address": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"
"""
        },
        """\
error: an `app` needs `listen.http`
 --> dev.toml:2:7
  |
2 | app = "shop.main:app"
  |       ^^^^^^^^^^^^^^^ nothing says at which address to serve it
  = hint: write `[listen]` and below it `http = "127.0.0.1:8000"`

dev.toml: 1 problem, nothing was started""",
    ),
    "keys of an app with another target": (
        {
            "dev.toml": """\
[target]
module = "m"
server = "uvicorn"
threads = 2
processes = 2

[listen]
http = "127.0.0.1:8000"
tls = "adhoc"
"""
        },
        """\
error: `target.server` is for `app` targets only
 --> dev.toml:3:1
  |
3 | server = "uvicorn"
  | ^^^^^^ this profile runs a `module`
  = hint: leave it out

error: `target.threads` is for `app` targets only
 --> dev.toml:4:1
  |
4 | threads = 2
  | ^^^^^^^ this profile runs a `module`
  = hint: leave it out

error: `target.processes` is for `app` targets only
 --> dev.toml:5:1
  |
5 | processes = 2
  | ^^^^^^^^^ this profile runs a `module`
  = hint: leave it out

error: `listen.tls` is for `app` targets only
 --> dev.toml:9:1
  |
9 | tls = "adhoc"
  | ^^^ this profile runs a `module`
  = hint: leave it out

dev.toml: 4 problems, nothing was started""",
    ),
    "a drain of a command": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
drain-timeout = 1
"""
        },
        """\
error: `restart.drain-timeout` is for `app` targets only
 --> dev.toml:5:1
  |
5 | drain-timeout = 1
  | ^^^^^^^^^^^^^ this profile runs a `command`
  = hint: leave it out

dev.toml: 1 problem, nothing was started""",
    ),
    "overlap with a command": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
handover = "overlap"
"""
        },
        """\
error: `restart.handover` is for `app` targets only
 --> dev.toml:5:1
  |
5 | handover = "overlap"
  | ^^^^^^^^ this runs a `command`
  = hint: leave one of the two out

dev.toml: 1 problem, nothing was started""",
    ),
    "overlap with a probe": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:0"

[restart]
handover = "overlap"

[ready]
http = "/health"
"""
        },
        """\
error: `restart.handover` needs an app that tells when it is ready
 --> dev.toml:8:1
  |
8 | handover = "overlap"
  | ^^^^^^^^ `ready.http` is given on line 11
  = hint: leave one of the two out

dev.toml: 1 problem, nothing was started""",
    ),
    "holding without overlap": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:0"

[restart]
handover = "replace"
while-reloading = "hold"
"""
        },
        """\
error: `restart.while-reloading` needs `handover = "overlap"`
 --> dev.toml:9:1
  |
9 | while-reloading = "hold"
  | ^^^^^^^^^^^^^^^ with `replace` nothing accepts meanwhile: connections wait
  = hint: leave one of the two out

dev.toml: 1 problem, nothing was started""",
    ),
    "a drain that outlasts the stop": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:0"

[restart]
drain-timeout = 8
"""
        },
        """\
error: `restart.drain-timeout` is not over before `restart.stop-timeout`
 --> dev.toml:8:17
  |
8 | drain-timeout = 8
  |                 ^ expected less than 5
  = hint: write `stop-timeout = 9`

dev.toml: 1 problem, nothing was started""",
    ),
    "a certificate without its key": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"
tls-cert = "cert.pem"
""",
            "cert.pem": """\
""",
        },
        """\
error: `listen.tls-cert` needs `listen.tls-key`
 --> dev.toml:6:1
  |
6 | tls-cert = "cert.pem"
  | ^^^^^^^^ `tls-key` is not given
  = hint: write `tls-key = "key.pem"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a key without its certificate": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"
tls-key = "key.pem"
""",
            "key.pem": """\
""",
        },
        """\
error: `listen.tls-key` needs `listen.tls-cert`
 --> dev.toml:6:1
  |
6 | tls-key = "key.pem"
  | ^^^^^^^ `tls-cert` is not given
  = hint: write `tls-cert = "cert.pem"`

dev.toml: 1 problem, nothing was started""",
    ),
    "two kinds of TLS": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"
tls = "adhoc"
tls-cert = "cert.pem"
tls-key = "key.pem"
""",
            "cert.pem": """\
""",
            "key.pem": """\
""",
        },
        """\
error: `listen.tls-cert` and `listen.tls` exclude each other
 --> dev.toml:6:1
  |
6 | tls = "adhoc"
  | ^^^ `tls-cert` is given on line 7
  = hint: keep one of the two

dev.toml: 1 problem, nothing was started""",
    ),
    "tls without http": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
tls = "adhoc"
"""
        },
        """\
error: an `app` needs `listen.http`
 --> dev.toml:2:7
  |
2 | app = "shop.main:app"
  |       ^^^^^^^^^^^^^^^ nothing says at which address to serve it
  = hint: write `[listen]` and below it `http = "127.0.0.1:8000"`

dev.toml: 1 problem, nothing was started""",
    ),
    "a server that has no threads": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"
server = "uvicorn"
threads = 4

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: `uvicorn` has no `threads`
 --> dev.toml:4:1
  |
4 | threads = 4
  | ^^^^^^^ asked for here
  = hint: `waitress` and `wsgiref` can

dev.toml: 1 problem, nothing was started""",
    ),
    "a server that has neither TLS nor processes": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"
server = "waitress"
processes = 4

[listen]
http = "127.0.0.1:8000"
tls = "adhoc"
"""
        },
        """\
error: `waitress` has no `processes`
 --> dev.toml:4:1
  |
4 | processes = 4
  | ^^^^^^^^^ asked for here
  = hint: `uvicorn`, `hypercorn` and `werkzeug` can

error: `waitress` has no `tls`
 --> dev.toml:8:1
  |
8 | tls = "adhoc"
  | ^^^ asked for here
  = hint: `werkzeug` can

dev.toml: 2 problems, nothing was started""",
    ),
    "no server has it all": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"
threads = 4
processes = 2

[listen]
http = "127.0.0.1:8000"
"""
        },
        """\
error: no server has `threads` and `processes` together
 --> dev.toml:4:1
  |
4 | processes = 2
  | ^^^^^^^^^ asked for here
  = hint: leave one of them out

dev.toml: 1 problem, nothing was started""",
    ),
    "two ways to be ready": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"

[ready]
told = true
http = "/health"
"""
        },
        """\
error: `ready.told` and `ready.http` exclude each other
 --> dev.toml:9:1
  |
9 | http = "/health"
  | ^^^^ `told` is given on line 8
  = hint: keep one of the two

dev.toml: 1 problem, nothing was started""",
    ),
    "no way to be ready": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[ready]
"""
        },
        """\
error: `[ready]` names no way to be ready
 --> dev.toml:4:1
  |
4 | [ready]
  | ^^^^^^^ expected `told`, `listening`, `http`, `started` or `finished`
  = hint: leave the table out for the default

dev.toml: 1 problem, nothing was started""",
    ),
    "a ready path without http": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[ready]
http = "/health"
"""
        },
        """\
error: `ready.http` needs `listen.http`
 --> dev.toml:5:1
  |
5 | http = "/health"
  | ^^^^ `http` is not given
  = hint: write `http = "127.0.0.1:8000"` in `[listen]`

dev.toml: 1 problem, nothing was started""",
    ),
    "listening without a socket": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[ready]
listening = true
"""
        },
        """\
error: `ready.listening` needs a socket in `[listen]`
 --> dev.toml:5:13
  |
5 | listening = true
  |             ^^^^ there is none to try
  = hint: write the address that the child opens itself, as in `listening = "127.0.0.1:8000"`

dev.toml: 1 problem, nothing was started""",
    ),
    "started later than ready-timeout": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[ready]
started = 5

[restart]
ready-timeout = 5
"""
        },
        """\
error: `ready.started` is not reached before `restart.ready-timeout`
 --> dev.toml:5:11
  |
5 | started = 5
  |           ^ expected less than 5
  = hint: write `started = 0.3`

dev.toml: 1 problem, nothing was started""",
    ),
    "an app that is ready once it has ended": (
        {
            "dev.toml": """\
[target]
app = "shop.main:app"

[listen]
http = "127.0.0.1:8000"

[ready]
finished = true
"""
        },
        """\
error: `ready.finished` is for what ends by itself
 --> dev.toml:8:1
  |
8 | finished = true
  | ^^^^^^^^ an `app` serves until it is stopped
  = hint: leave one of the two out

dev.toml: 1 problem, nothing was started""",
    ),
    "finished and started again for ever": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[ready]
finished = true

[restart]
on-exit = "always"
"""
        },
        """\
error: `ready.finished` and `on-exit = "always"` exclude each other
 --> dev.toml:5:1
  |
5 | finished = true
  | ^^^^^^^^ it would be started again for ever
  = hint: leave one of the two out

dev.toml: 1 problem, nothing was started""",
    ),
    "a longest wait that is shorter than the first": (
        {
            "dev.toml": """\
[target]
command = ["sleep", "1"]

[restart]
backoff = { first = 20 }
"""
        },
        """\
error: the longest wait of `restart.backoff` is shorter than the first
 --> dev.toml:5:21
  |
5 | backoff = { first = 20 }
  |                     ^^ `first` is 20, `most` is 10
  = hint: make `most` the larger one

dev.toml: 1 problem, nothing was started""",
    ),
    "two sockets at one address": (
        {
            "dev.toml": """\
[target]
module = "m"

[listen]
http = "127.0.0.1:8000"
admin = "127.0.0.1:8000"
"""
        },
        """\
error: `listen.http` and `listen.admin` have one address
 --> dev.toml:6:9
  |
6 | admin = "127.0.0.1:8000"
  |         ^^^^^^^^^^^^^^^^ first given on line 5
  = hint: give each socket a port of its own

dev.toml: 1 problem, nothing was started""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_keys_that_do_not_go_together_are_drawn(case: str, tmp_path: Path) -> None:
    """The whole drawing is as expected, and nothing else is said."""
    files, drawing = CASES[case]

    assert drawing == ProfileDirectory(tmp_path).write(files).drawn("dev.toml")
