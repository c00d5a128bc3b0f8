"""Frameworks, servers and plain programs as their users run them: an app in `tests/support/apps`, a profile for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, ask, wait_until
from tests.support.environments import environment
from tests.support.interpreters import find_interpreters
from tests.support.programs import needs_node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from _pytest.mark import ParameterSet

    from tests.support.daemon import Fields
    from tests.support.interpreters import Interpreter

OLDEST, *_, NEWEST = find_interpreters()
OWN = next((each for each in find_interpreters() if each.version == sys.version_info[:2]), NEWEST)
"""The interpreters of this machine that apps are tried in by default: reloadd runs in its own."""

APPS = Path(__file__).with_name("apps")

_BROKEN = "value = = 1\n"
"""A line that is a syntax error in Python and in JavaScript, at this very line."""

LISTEN = '[listen]\nhttp = "127.0.0.1:0"\n'


@dataclass(frozen=True, slots=True)
class Ending:
    """What `child.exited` says of a child that has made way for the next one."""

    exit_code: int | None
    signal: str | None
    asked: bool

    @classmethod
    def of(cls, record: Fields) -> Ending:
        """As the record has it."""
        return cls(record["exit_code"], record["signal"], record["asked"])


STOPPED = Ending(0, None, asked=True)
"""It was told to end, and saw everything to its end."""

TERMINATED = Ending(None, "SIGTERM", asked=True)
"""It was told to end, and leaves that to the signal."""

BY_ITSELF = Ending(3, None, asked=False)
"""Its own reloader saw the change."""


@dataclass(frozen=True, slots=True)
class Framework:
    """One way to run one app.

    Attributes:
        name: for people.
        app: a directory in `APPS`.
        edited: the file in it that holds the greeting, which is `"one"` at first.
        target: the profile's `[target]`, without `python`; `{port}` stands for a port that nobody else has.
        more: the rest of the profile, the same way.
        ending: how a child makes way for the next one.
        requirements: what is installed in the environment of the app.
    """

    name: str
    app: str
    edited: str
    target: str
    ending: Ending
    more: str = LISTEN
    requirements: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def is_handed_over(self) -> bool:
        """Whether a new child is started beside the old one, which serves on if that fails."""
        return self.target.startswith("app =")


FLASK_APP = Framework("flask-app", "flask_app", "shop.py", 'app = "shop:app"', STOPPED, requirements=("flask",))
FLASK_SCRIPT = Framework(
    "flask-script", "flask_app", "shop.py", 'script = "shop.py"', BY_ITSELF, requirements=("flask",)
)
WERKZEUG_STAT = Framework(
    "werkzeug-stat", "werkzeug_script", "serve.py", 'script = "serve.py"', BY_ITSELF, requirements=("werkzeug",)
)
WERKZEUG_WATCHDOG = Framework(
    "werkzeug-watchdog",
    "werkzeug_script",
    "serve.py",
    'script = "serve.py"',
    BY_ITSELF,
    # The patterns that Werkzeug gives to watchdog match nothing in watchdog 7.
    requirements=("werkzeug", "watchdog<7"),
)
FASTAPI_APP = Framework(
    "fastapi-app", "fastapi_app", "main.py", 'app = "main:app"', STOPPED, requirements=("fastapi", "uvicorn")
)
DJANGO_APP = Framework(
    "django-app", "django_project", "greet/views.py", 'app = "shop.wsgi:application"', STOPPED, requirements=("django",)
)
DJANGO_RUNSERVER = Framework(
    "django-runserver",
    "django_project",
    "greet/views.py",
    'script = "manage.py"\nargs = ["runserver", "--noreload", "127.0.0.1:{port}"]',
    TERMINATED,
    more='[ready]\nlistening = "127.0.0.1:{port}"\n',
    requirements=("django",),
)
UVICORN_FD = Framework(
    "uvicorn-fd",
    "asgi_app",
    "web.py",
    'command = ["uvicorn", "--fd", "3", "web:app"]',
    TERMINATED,
    requirements=("uvicorn",),
)
GUNICORN_FD = Framework(
    "gunicorn-fd",
    "wsgi_app",
    "web.py",
    'command = ["gunicorn", "--bind", "fd://3", "web:app"]',
    STOPPED,
    requirements=("gunicorn",),
)
FLASK_COMMAND = Framework(
    "flask-command",
    "flask_app",
    "shop.py",
    'command = ["flask", "--app", "shop", "run"]',
    TERMINATED,
    requirements=("flask",),
)
NODE_FD = Framework("node-fd", "node_server", "server.js", 'command = ["node", "server.js"]', TERMINATED)
WORKER = Framework("worker", "worker", "worker.py", 'script = "worker.py"', TERMINATED, more="")

FLASK_RUN_DEBUG = Framework(
    "flask-run-debug",
    "flask_app",
    "shop.py",
    'module = "flask"\nargs = ["--app", "shop", "run", "--debug"]',
    BY_ITSELF,
    requirements=("flask",),
)
UVICORN_RELOAD = Framework(
    "uvicorn-reload",
    "asgi_app",
    "web.py",
    'command = ["uvicorn", "--reload", "--fd", "3", "web:app"]',
    TERMINATED,
    requirements=("uvicorn",),
)
DJANGO_AUTORELOAD = Framework(
    "django-autoreload",
    "django_project",
    "greet/views.py",
    'script = "manage.py"\nargs = ["runserver", "127.0.0.1:{port}"]',
    TERMINATED,
    more='[ready]\nlistening = "127.0.0.1:{port}"\n',
    requirements=("django",),
)


def cases(covered: Mapping[Framework, tuple[Interpreter, ...]]) -> list[ParameterSet]:
    """A parameter for each pair of the table; of all interpreters of this machine if RELOADD_TEST_ALL is set."""
    in_all = find_interpreters() if os.environ.get("RELOADD_TEST_ALL") else None
    return [
        pytest.param(framework, interpreter, id=f"{framework}-{interpreter}", marks=_marks(framework))
        for framework, some in covered.items()
        for interpreter in dict.fromkeys(in_all or some)
    ]


def _marks(framework: Framework) -> tuple[pytest.MarkDecorator, ...]:
    return (needs_node,) if framework is NODE_FD else ()


class Site:
    """A copy of an app, with a profile around it and an interpreter of its own to run in.

    Args:
        framework: which app, and how it is run.
        directory: an empty one.
        python: the interpreter of the app's environment.
        port: what `{port}` stands for.
    """

    def __init__(self, framework: Framework, directory: Path, python: Path, port: int) -> None:
        shutil.copytree(APPS / framework.app, directory, dirs_exist_ok=True)
        profile = f'[target]\n{framework.target}\npython = "{python}"\n{framework.more}'
        (directory / "dev.toml").write_text(profile.replace("{port}", str(port)))
        self.framework = framework
        self._directory = directory
        self._edited = directory / framework.edited
        self._port = port

    def run(self, *options: str) -> RunningDaemon:
        """A daemon for it, with further options."""
        return RunningDaemon(self._directory, *options, "--profile", "dev.toml")

    def save(self, greeting: str) -> None:
        """Save the app with another greeting."""
        text = (APPS / self.framework.app / self.framework.edited).read_text()
        self._edited.write_text(text.replace('"one"', f'"{greeting}"'))

    def save_broken(self) -> int:
        """Save the app with a syntax error in it; which line that is."""
        text = self._edited.read_text()
        self._edited.write_text(text + _BROKEN)
        return text.count("\n") + 1

    def address(self, daemon: RunningDaemon) -> str:
        """Where the app is reached."""
        return daemon.address() if "[listen]" in self.framework.more else f"127.0.0.1:{self._port}"

    def assert_serves(self, daemon: RunningDaemon, greeting: str) -> None:
        """What was said to be ready serves this greeting, now; a worker will print it."""
        if self.framework.more:
            assert ask(self.address(daemon)) == (200, greeting)
        else:
            wait_until(lambda: f"{greeting} at work" in daemon.output, f"{greeting} from the worker")


@contextlib.contextmanager
def site(framework: Framework, directory: Path, interpreter: Interpreter) -> Iterator[Site]:
    """A site in an environment of its own, in which nothing of reloadd is."""
    python = environment(interpreter, *framework.requirements)
    assert not [*python.parents[1].glob("lib/python*/site-packages/reloadd*")]
    with reserved_port() as port:
        yield Site(framework, directory, python, port)


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """A port of 127.0.0.1 that a server can bind, while nobody else is given it.

    Linux lets sockets with SO_REUSEADDR share a port for as long as none listens, and hands out no port that is bound
    (ip(7), socket(7)); the servers that need this set the option.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
