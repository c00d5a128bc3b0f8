"""How much sooner a save is served by a prepared process: `python -m tests.benchmarks.warm [ROUNDS]`.

Each app runs under two daemons at once, one of which starts it cold (`[warm] mode = "off"`). They take turns, round by
round, each after it has come to rest, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Series, circumstances, table
from tests.support.daemon import RunningDaemon, ask, clean_environ, wait_until, write_files
from tests.support.environments import environment
from tests.support.interpreters import find_interpreters

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUNDS = 20
_WARM_UP = 2
_DEADLINE = 60.0
_REST = 0.5
"""Seconds, for the old process and its traces to be gone."""

_PAUSE = 0.001
"""Seconds between two questions."""

_MODULES = 300
_OF_EACH = 0.011
"""Seconds that each of them takes."""


@dataclass(frozen=True, slots=True)
class App:
    """An app whose edited file has `{version}` in it, and what is installed for it."""

    name: str
    target: str
    requirements: tuple[str, ...]
    edited: str
    files: Mapping[str, str]


FLASK = App(
    "Flask",
    "web:app",
    ("flask",),
    "web.py",
    {
        "web.py": "from flask import Flask\n"
        "app = Flask(__name__)\n"
        "@app.route('/')\ndef index():\n    return '{version}'\n"
    },
)

FASTAPI = App(
    "FastAPI, SQLAlchemy, pandas",
    "web:app",
    ("fastapi", "pandas", "sqlalchemy", "uvicorn"),
    "web.py",
    {
        "models.py": "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n"
        "class Base(DeclarativeBase): ...\n"
        "class Item(Base):\n    __tablename__ = 'items'\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
        "stats.py": "import pandas\ndef mean(): return float(pandas.Series([1, 2, 3]).mean())\n",
        "web.py": "from fastapi import FastAPI\nfrom fastapi.responses import PlainTextResponse\n"
        "import models, stats\napp = FastAPI()\n"
        "@app.get('/', response_class=PlainTextResponse)\ndef index():\n    stats.mean()\n    return '{version}'\n",
    },
)

_SETTINGS = """\
SECRET_KEY = "none"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
    "django.contrib.sessions", "blog",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
"""

DJANGO = App(
    "Django, with its admin",
    "wsgi:application",
    ("django",),
    "blog/views.py",
    {
        "settings.py": _SETTINGS,
        "wsgi.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n"
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        "urls.py": "from django.contrib import admin\nfrom django.urls import path\nfrom blog import views\n"
        "urlpatterns = [path('admin/', admin.site.urls), path('', views.index)]\n",
        "blog/__init__.py": "",
        "blog/models.py": "from django.db import models\n"
        "class Post(models.Model):\n    title = models.CharField(max_length=50)\n",
        "blog/admin.py": "from django.contrib import admin\nfrom blog.models import Post\nadmin.site.register(Post)\n",
        "blog/views.py": "from django.http import HttpResponse\n"
        "def index(request):\n    return HttpResponse('{version}')\n",
    },
)

PACKAGE = App(
    f"{_MODULES} modules, the last one edited",
    "web:app",
    (),
    f"shop/m{_MODULES - 1}.py",
    {
        "web.py": f"import importlib\nfor number in range({_MODULES}):\n"
        "    last = importlib.import_module(f'shop.m{number}')\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n    return [last.VERSION.encode()]\n",
        "shop/__init__.py": "",
        **{
            f"shop/m{number}.py": f"import time\ntime.sleep({_OF_EACH})\nVERSION = '{{version}}'\n"
            for number in range(_MODULES)
        },
    },
)

APPS = (FLASK, FASTAPI, DJANGO, PACKAGE)


class Contestant:
    """One app under one daemon.

    Args:
        app: which.
        directory: an empty one.
        python: the app's interpreter.
        mode: of `[warm]`.
    """

    def __init__(self, app: App, directory: Path, python: Path, mode: str) -> None:
        self._app = app
        self._directory = directory
        self._is_warm = mode == "auto"
        write_files(directory, {name: text.replace("{version}", "first") for name, text in app.files.items()})
        profile = f'[target]\napp = "{app.target}"\npython = "{python}"\n[listen]\nhttp = "127.0.0.1:0"\n'
        write_files(directory, {"dev.toml": f'{profile}[warm]\nmode = "{mode}"\n'})
        self.daemon = RunningDaemon(directory, "-v", "--profile", "dev.toml", environ=clean_environ())
        self.daemon.wait_for("child.ready", deadline=_DEADLINE)
        self._address = self.daemon.address()
        ask(self._address)

    def measure(self, version: str) -> float:
        """Seconds from the beginning of the save to the first answer of what was saved."""
        time.sleep(_REST)
        self._wait_prepared()
        text = self._app.files[self._app.edited].replace("{version}", version)
        begun = time.perf_counter()
        (self._directory / self._app.edited).write_text(text)
        while True:
            with suppress(OSError, HTTPException):
                if ask(self._address)[1] == version:
                    return time.perf_counter() - begun
            if time.perf_counter() - begun > _DEADLINE:
                sys.exit(f"error: {self._app.name} did not answer as `{version}`:\n{self.daemon.story}")
            time.sleep(_PAUSE)

    def starts(self) -> str:
        """How its processes were started, by the daemon's records."""
        restarts = self.daemon.all("restart.completed")
        counted = Counter(each["source"] or each["start"] for each in restarts[_WARM_UP:])
        return ", ".join(f"{count} {kind}" for kind, count in counted.most_common())

    def memory(self) -> float:
        """MB that the processes took that were prepared last."""
        parked = self.daemon.all("spare.parked")
        known = [float(each["memory_mb"]) for each in parked if each["memory_mb"] is not None]
        return known[-1] if known else 0.0

    def _wait_prepared(self) -> None:
        if not self._is_warm:
            return
        served = self.daemon.wait_for_any("child.ready", "restart.completed")
        # What is prepared while the child starts is there perhaps before it serves.
        since = self.daemon.records.index(self.daemon.wait_for("child.spawned", generation=served["generation"]))
        # What is prepared beyond that, a scout, takes as long as the app's own imports.
        wants_scout = self._app is PACKAGE and served.get("source") is not None
        wait_until(
            lambda: any(
                each["event"] == "spare.parked" and (each["source"] == "scout" or not wants_scout)
                for each in self.daemon.records[since:]
            ),
            f"a prepared process in:\n{self.daemon.story[-4000:]}",
            deadline=_DEADLINE,
        )


def main(rounds: int) -> None:
    """Measure and print a table."""
    version = sys.version_info[:2]
    interpreter = next(each for each in find_interpreters() if each.version == version)
    rows = [_row(app, environment(interpreter, *app.requirements), rounds) for app in APPS]
    print(f"{circumstances(interpreter.full_version)}, {rounds} rounds; milliseconds, MB\n")  # noqa: T201 - its purpose
    print(table(_HEAD, rows))  # noqa: T201 - its purpose


_HEAD = ("app", "cold", "least", "warm", "least", "cold : warm", "warm starts were", "memory of a prepared process")


def _row(app: App, python: Path, rounds: int) -> list[str]:
    took: dict[str, list[float]] = {"off": [], "auto": []}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contestants = {}
        for mode in took:
            (home / mode).mkdir()
            contestants[mode] = Contestant(app, home / mode, python, mode)
            stack.enter_context(contestants[mode].daemon)
        for turn in range(-_WARM_UP, rounds):
            for mode, contestant in contestants.items():
                seconds = contestant.measure(f"version {turn}")
                if turn >= 0:
                    took[mode].append(seconds * 1000)
        starts, memory = contestants["auto"].starts(), contestants["auto"].memory()
    cold, warm = Series(tuple(took["off"])), Series(tuple(took["auto"]))
    return [
        app.name,
        *(f"{value:.0f}" for value in (cold.median, cold.least, warm.median, warm.least)),
        f"{cold.median / warm.median:.1f}",
        starts,
        f"{memory:.0f}",
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
