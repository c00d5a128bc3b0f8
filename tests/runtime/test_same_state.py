"""An app is after a warm start what it is after a cold one, by its own account, whatever was edited in between."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reloadd.runtime import wire
from tests.support.booting import app, booted
from tests.support.environments import environment
from tests.support.frameworks import APPS, NEWEST
from tests.support.parking import looked_up, parked
from tests.support.served import get

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.booting import BootedChild, Go

EDITS = int(os.environ.get("RELOADD_TEST_STATES", "3"))


@dataclass(frozen=True)
class Stateful:
    """An app that describes itself at `/state`, and edits of it: for each of its files, lines to append."""

    directory: str
    go: Go
    requirements: tuple[str, ...]
    edits: dict[str, Sequence[str]]


DJANGO = Stateful(
    "stateful_django",
    app("site_.wsgi:application", "wsgiref"),
    ("django",),
    {
        "site_/settings.py": (
            "USE_TZ = False",
            "INSTALLED_APPS = [a for a in INSTALLED_APPS if 'sessions' not in a]",
            "TIME_ZONE = 'UTC'",
        ),
        "blog/models.py": (
            "class Tag{n}(models.Model):\n    posts = models.ManyToManyField(Post)",
            "Post.add_to_class('extra{n}', models.TextField())",
        ),
        "blog/admin.py": (
            "admin.site.is_registered(Post) or admin.site.register(Post)",
            "admin.site.is_registered(Author) and admin.site.unregister(Author)",
        ),
        "blog/views.py": ("import blog.new{n}", "import colorsys, tabnanny"),
        "shop/models.py": ("class Item{n}(models.Model):\n    order = models.ForeignKey(Order, models.CASCADE)",),
        "shop/signals.py": ("receiver(post_save, weak=False)(lambda **_: None)", "post_save.connect(print)"),
        "site_/urls.py": ("urlpatterns.append(path('more{n}', views.index))", "urlpatterns.reverse()"),
    },
)

FASTAPI = Stateful(
    "stateful_fastapi",
    app("main:app", "uvicorn"),
    ("fastapi", "sqlalchemy", "uvicorn"),
    {
        "models.py": (
            "class Tag{n}(Base):\n    __tablename__ = 'tags{n}'\n    id: Mapped[int] = mapped_column(primary_key=True)",
        ),
        "schemas.py": ("class Item(Item):\n    size{n}: int = 0",),
        "routes.py": ("@router.get('/more{n}')\ndef more{n}() -> Item:\n    ...", "import new{n}, colorsys"),
    },
)


@pytest.mark.slow
@pytest.mark.timeout(60 + 5 * EDITS)
@pytest.mark.parametrize("stateful", [DJANGO, FASTAPI], ids=["Django", "FastAPI and SQLAlchemy"])
def test_state_is_that_of_a_cold_start(stateful: Stateful, tmp_path: Path, http: socket.socket) -> None:
    """Models, admin, routes, signals, settings, tables and the process itself: as a spare, and as a scout."""
    python = environment(NEWEST, *stateful.requirements)
    project = tmp_path / "project"
    shutil.copytree(APPS / stateful.directory, project)
    shutil.copy(APPS / "stateful" / "process_state.py", project)
    bench = _Bench(python, stateful.go, project, http)
    modules, overlay = bench.learn()
    draw = random.Random(7)  # noqa: S311 (edits, which are to be the same each time)

    for number in range(EDITS):
        edited = draw.choice(list(stateful.edits))
        until = edited.removesuffix(".py").replace("/", ".")
        edit = draw.choice(stateful.edits[edited]).replace("{n}", str(number))
        with (
            parked(
                python, stateful.go, *modules, directory=project, overlay=overlay, listeners={"http": http}
            ) as spare,
            parked(
                python, stateful.go, *modules, directory=project, overlay=overlay, listeners={"http": http}
            ) as scout,
        ):
            assert _said(spare) == _said(scout) == "parked"
            scout.tell("ahead", **stateful.go, listeners=[], terminal=False, until=until)
            assert _said(scout) == "parked"
            (project / edited).with_name(f"new{number}.py").write_text("")
            with (project / edited).open("a") as file:
                file.write(f"\n{edit}\n")
            cold, warm, ahead = bench.start(), bench.go(spare), bench.go(scout)

        assert warm == cold, edit
        assert ahead == cold, edit


class _Bench:
    """Starts one app in all ways, and asks it for its state."""

    def __init__(self, python: Path, go: Go, project: Path, http: socket.socket) -> None:
        self._python = python
        self._go = go
        self._project = project
        self._http = http

    def learn(self) -> tuple[list[str], dict[str, str | None]]:
        """What can be imported beforehand, and the environment that the app has made for it."""
        ledger = self._project.with_name("ledger")
        self.start({"ledger": {"path": str(ledger), "audit": True}})
        lines = list(wire.split_frames(ledger.read_bytes())[0])
        overlay = {line["name"]: line["value"] for line in lines if line["word"] == "set"}
        passed_over = {
            line["name"] for line in lines if line["word"] == "missed" or (line["word"] == "found" and line["user"])
        }
        while True:
            modules = [name for name in looked_up(lines) if name not in passed_over]
            with parked(self._python, self._go, *modules, directory=self._project, overlay=overlay) as spare:
                frame = spare.next_word()
            assert frame is not None
            if frame["word"] == "parked":
                return modules, overlay
            passed_over |= {each["module"] for each in frame["failures"]}

    def start(self, more: Go | None = None) -> object:
        """The state after a cold start."""
        go = {**self._go, **(more or {})}
        with booted(self._python, go, directory=self._project, listeners={"http": self._http}) as child:
            child.until_ready()
            return json.loads(get(self._http, "/state"))

    def go(self, child: BootedChild) -> object:
        """The state after `go`."""
        child.tell("go", **self._go, listeners=[], terminal=False)
        child.say("accept")
        child.until_ready()
        state = json.loads(get(self._http, "/state"))
        child.stop()
        return state


def _said(child: BootedChild) -> str:
    frame = child.next_word()
    assert frame is not None, child.outcome()
    return str(frame["word"])
