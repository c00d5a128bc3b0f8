"""The interpreters of profiles: which Python each is, and what it can import. They are asked, with a deadline.

Never imports an app.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.core.reasons import reason_of
from reloadd.core.servers import TRAITS, Interface, able_servers
from reloadd.doctor.findings import Check, Verdict, judge_python
from reloadd.profile.model import AppTarget, CommandTarget
from reloadd.supervise.launch import asked_abilities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.core.servers import Server
    from reloadd.profile.model import Profile

_TOPIC = "interpreters"
_DEADLINE = 10.0
"""Seconds that an interpreter gets to answer; one takes a twentieth of a second."""

_ASGI_ONLY = ("fastapi", "starlette", "litestar", "quart")
"""Frameworks whose apps no WSGI server can serve."""

_TELL = """
import importlib.util, json, sys
names = sys.argv[1:]
print(json.dumps({"version": sys.version_info[:3], "found": [n for n in names if importlib.util.find_spec(n)]}))
"""


@dataclass(frozen=True, slots=True)
class _Answer:
    version: tuple[int, ...]
    found: frozenset[str]


def check_interpreter(profile: Profile) -> Iterator[Check]:
    """The interpreter of a profile, and for an `app` the servers that are there."""
    launch = profile.launch
    if isinstance(launch.target, CommandTarget):
        yield Check(_TOPIC, profile.name, Verdict.OK, f"runs `{launch.target.argv[0]}`, no Python of the profile's")
        return
    answer = _ask(profile)
    if isinstance(answer, str):
        fix = f"python3 -m venv {launch.venv}" if launch.venv else 'name another with `python = "..."` in [target]'
        yield Check(_TOPIC, profile.name, Verdict.BAD, f"{launch.python}: {answer}", fix)
        return
    version = ".".join(map(str, answer.version))
    home = f"environment {launch.venv}" if launch.venv else f"{launch.python}, no environment of its own"
    verdict = judge_python(answer.version)
    anew = None if verdict is Verdict.OK else "make the environment anew with Python 3.8 or newer"
    yield Check(_TOPIC, profile.name, verdict, f"Python {version}, {home}", anew)
    if isinstance(launch.target, AppTarget):
        yield _servers(profile, launch.target.server, answer.found)


def _servers(profile: Profile, wanted: Server | None, found: frozenset[str]) -> Check:
    subject = f"{profile.name}: server"
    pip = f"{profile.launch.python} -m pip install"
    if wanted is not None:
        if wanted.value in found:
            return Check(_TOPIC, subject, Verdict.OK, f"{wanted.value}, as the profile says")
        return Check(_TOPIC, subject, Verdict.BAD, f"`{wanted.value}` is not installed", f"{pip} {wanted.value}")
    able = [server for server in able_servers(asked_abilities(profile)) if server.value in found]
    is_asgi = found.intersection(_ASGI_ONLY)
    if is_asgi and not any(TRAITS[server].interface is Interface.ASGI for server in able):
        words = f"{', '.join(sorted(is_asgi))} is there, and no server for ASGI"
        return Check(_TOPIC, subject, Verdict.BAD, words, f"{pip} uvicorn")
    if not able:
        return Check(
            _TOPIC, subject, Verdict.BAD, "none is able to do what the profile asks", f"{pip} uvicorn waitress"
        )
    names = ", ".join(f"{server.value} ({TRAITS[server].interface.value.upper()})" for server in able)
    return Check(_TOPIC, subject, Verdict.OK, f"{names}: the first that fits the app is taken")


def _ask(profile: Profile) -> _Answer | str:
    """What an interpreter says of itself, or why it does not."""
    names = (*(server.value for server in TRAITS), *_ASGI_ONLY)
    command = [str(profile.launch.python), "-c", _TELL, *names]
    try:
        said = subprocess.run(
            command,
            cwd=profile.launch.directory,
            capture_output=True,
            text=True,
            timeout=_DEADLINE,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        told = json.loads(said.stdout)
        return _Answer(tuple(told["version"]), frozenset(told["found"]))
    except subprocess.TimeoutExpired:
        return f"did not answer within {_DEADLINE:g} s"
    except OSError as error:
        return reason_of(error)
    except (subprocess.CalledProcessError, ValueError, KeyError):
        return "is no Python that works"
