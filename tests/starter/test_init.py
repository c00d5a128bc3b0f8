"""`reloadd init`: small projects of each kind, looked at, written down, and run by a real daemon."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from reloadd.cli import main
from reloadd.profile.json_schema import FILE
from tests.support.daemon import RunningDaemon, ask, clean_environ, wait_until, write_files
from tests.support.environments import environment
from tests.support.frameworks import reserved_port
from tests.support.interpreters import newest_interpreter
from tests.support.profiles import ProfileDirectory
from tests.support.programs import needs_node

if TYPE_CHECKING:
    from collections.abc import Mapping

APPS = Path(__file__).parents[1] / "support" / "apps"

DJANGO = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
    "site1/__init__.py": "",
    "site1/settings.py": "",
    "site1/wsgi.py": "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n",
}

KINDS: dict[str, tuple[Mapping[str, str], str, str]] = {
    "flask": (
        {"app.py": "from flask import Flask\n\napp = Flask(__name__)\n", "odd.py": "pattern = '\\d'\n"},
        'app = "app:app"',
        "a Flask app in app.py:3: `app = Flask(__name__)`",
    ),
    "flask by its module": (
        {"web.py": "import flask as f\nsite: f.Flask = f.Flask(__name__)\n"},
        'app = "web:site"',
        "a Flask app in web.py:2: `site: f.Flask = f.Flask(__name__)`",
    ),
    "a factory": (
        {
            "shop/__init__.py": "from flask import Flask\n\ndef create_app(config=None):\n    app = Flask(__name__)\n"
            "    return app\n",
            "shop/models.py": "",
        },
        'app = "shop:create_app()"',
        "a function that makes a Flask app in shop/__init__.py:3: `def create_app(config=None):`",
    ),
    "fastapi below src": (
        {
            "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["fastapi>=0.100"]\n',
            "src/shop/__init__.py": "",
            "src/shop/main.py": "from fastapi import FastAPI\napi = FastAPI()\n",
        },
        'app = "shop.main:api"\nenv = { PYTHONPATH = "src" }',
        "a FastAPI app in src/shop/main.py:2: `api = FastAPI()`",
    ),
    "starlette in a directory": (
        {"backend/main.py": "from starlette.applications import Starlette\napp = Starlette(routes=[])\n"},
        'app = "main:app"\ndirectory = "backend"',
        "a Starlette app in backend/main.py:2: `app = Starlette(routes=[])`",
    ),
    "litestar": (
        {"app.py": "import litestar\n\napp = litestar.Litestar()\n"},
        'app = "app:app"',
        "a Litestar app in app.py:3: `app = litestar.Litestar()`",
    ),
    "django": (DJANGO, 'app = "site1.wsgi:application"', "a Django app in site1/wsgi.py:3: "),
    "pyramid": (
        {
            "web.py": "from pyramid.config import Configurator\n\nconf = Configurator()\napp = conf.make_wsgi_app()\n",
        },
        'app = "web:app"',
        "a Pyramid app in web.py:4: `app = conf.make_wsgi_app()`",
    ),
    "pyramid of a cookiecutter": (
        {
            "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["pyramid"]\n',
            "development.ini": "[server:main]\nlisten = localhost:6500\n",
            "shop/__init__.py": "from pyramid.config import Configurator\ndef main(global_config, **settings):\n"
            "    return Configurator().make_wsgi_app()\n",
            "bin/pserve": "",
        },
        'command = ["pserve", "development.ini"]',
        "a Pyramid project: development.ini, and `pyramid` in pyproject.toml",
    ),
    "a package": (
        {"worker/__init__.py": "", "worker/__main__.py": "print()\n"},
        'module = "worker"',
        "a package that can be run: worker/__main__.py",
    ),
    "a script": (
        {"run.py": 'if __name__ == "__main__":\n    print()\n', "lib.py": "x = 1\n"},
        'script = "run.py"',
        'a script: run.py, which has `if __name__ == "__main__"`',
    ),
    "node": (
        {"package.json": '{"scripts": {"dev": "nodemon server.js", "start": "node server.js"}}', "server.js": ""},
        'command = ["npm", "start"]',
        "package.json, whose script `start` is `node server.js`",
    ),
    "vite": (
        {"package.json": '{"scripts": {"dev": "vite --port 3000"}}', "pnpm-lock.yaml": ""},
        'command = ["pnpm", "run", "dev"]',
        "package.json, whose script `dev` is `vite --port 3000`",
    ),
    "node without scripts": (
        {"package.json": "{}", "index.js": ""},
        'command = ["node", "index.js"]',
        "package.json, and index.js",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project as the current directory, where the programs that profiles name are there."""
    project = tmp_path / "my shop"
    project.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("npm", "pnpm", "node", "pserve"):
        (programs / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.chdir(project)
    return project


@pytest.mark.parametrize(("files", "target", "found"), KINDS.values(), ids=KINDS)
def test_each_kind_of_project_is_seen(
    here: Path, files: Mapping[str, str], target: str, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is to be run stands in the profile, and why on the terminal; the profile is right as it is."""
    write_files(here, files)

    assert main(["init"]) == 0

    said, wrong = capsys.readouterr()
    text = (here / "reloadd.toml").read_text()
    assert wrong == ""
    assert said.startswith(f"found {found}")
    assert said.endswith("wrote reloadd.toml\n\nrun it with\n\n    reloadd --profile reloadd.toml\n")
    assert f"\n[target]\n{target}\n" in text
    assert text.startswith(f"#:schema {FILE}\n# Found {found}")
    assert main(["check", "reloadd.toml"]) == 0


def test_the_whole_profile_is_commented(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line that is not a header says what it is, or what would be without it."""
    write_files(here, {"app.py": "from flask import Flask\napp = Flask(__name__)\n", "requirements.txt": "Flask>=3\n"})
    main(["init"])

    text = re.sub(r"127\.0\.0\.1:80\d\d", "127.0.0.1:8000", (here / "reloadd.toml").read_text())
    assert text == (
        f"""\
#:schema {FILE}
# Found a Flask app in app.py:2: `app = Flask(__name__)`
name = "my-shop"                        # what the log and the commands call it

[target]
app = "app:app"
# args = ["--verbose"]                  # after the target
# python = ".venv/bin/python"           # if not given: .venv, venv or env, else the daemon's own

[listen]
http = "127.0.0.1:8000"                 # opened once, kept over all restarts

[watch]
# roots = ["src", "templates"]          # if not given: the working directory
# include = ["**/*.py", "**/*.html"]    # if not given: what the target's language is written in
# exclude = ["**/generated/**"]         # in the syntax of .gitignore

[restart]
# on-exit = "on-failure"                # after an exit that nobody asked for: or never, or always
# stop-timeout = 5                      # seconds from SIGTERM to SIGKILL
"""
    )
    assert "note: there is no virtual environment: " in capsys.readouterr().out


def test_what_is_missing_is_said_with_its_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The framework and a server for it, where the environment has neither."""
    write_files(
        here, {"main.py": "from fastapi import FastAPI\napp = FastAPI()\n", "requirements-dev.txt": "fastapi\n"}
    )
    ProfileDirectory(here).environment(".venv")
    main(["init"])

    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("note")] == [
        "note: `fastapi` is not installed in .venv: `.venv/bin/pip install -r requirements-dev.txt`",
        "note: no server for ASGI is installed in .venv: `.venv/bin/pip install uvicorn`",
    ]


def test_commands_are_written_for_where_the_user_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And not for the project's directory, where that is another."""
    flask = "from flask import Flask\napp = Flask(__name__)\n"
    write_files(
        here, {"a b/app.py": flask, "a b/pyproject.toml": '[project]\ndependencies = ["flask"]\n', "c/app.py": flask}
    )
    ProfileDirectory(here / "c").environment("venv")
    for name in ("a b", "c"):
        main(["init", name])

    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("note")] == [
        "note: there is no virtual environment: `python3 -m venv 'a b/.venv' && 'a b/.venv'/bin/pip install -e 'a b'`",
        "note: `flask` is not installed in venv: `c/venv/bin/pip install flask`",
    ]


def test_each_project_gets_a_port_of_its_own(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if none of them runs, and the user's own profiles have some too."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here / "home"))
    own = "".join(f'"127.0.0.1:{port}"\n' for port in range(8000, 8050))
    app = "from flask import Flask\napp = Flask(__name__)\n"
    write_files(here, {"home/reloadd/own.toml": own, "a/app.py": app, "b/app.py": app})
    main(["init", "a"])
    main(["init", "b"])

    ports = [int(re.findall(r"127\.0\.0\.1:(\d+)", (here / name / "reloadd.toml").read_text())[0]) for name in "ab"]
    assert 8050 <= ports[0] < ports[1]


def test_the_likeliest_of_several_is_taken(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An app before a function that makes one, near the top before deep down; the others are named."""
    app = "from flask import Flask\napp = Flask(__name__)\n"
    write_files(
        here, {"deep/er/app.py": app, "zz.py": app, "main.py": app, "web.py": app.replace("app =", "def f(): ")}
    )
    main(["init"])

    assert 'app = "main:app"' in (here / "reloadd.toml").read_text()
    assert "note: also found: `app` in zz.py, `app` in deep/er/app.py\n" in capsys.readouterr().out


def test_what_is_quoted_cannot_break_out_of_its_comment(here: Path) -> None:
    """A line break or an escape sequence in package.json stays what it is: text."""
    write_files(here, {"package.json": '{"scripts": {"dev": "node a.js\\n[listen]\\u001b[2J"}}'})

    assert main(["init"]) == 0
    assert "whose script `dev` is `node a.js [listen] [2J`\n" in (here / "reloadd.toml").read_text()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_nothing_is_ever_overwritten(here: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a file nor a link, be it to nothing."""
    write_files(here, {"app.py": "from flask import Flask\napp = Flask(__name__)\n"})
    if kind == "file":
        (here / "reloadd.toml").write_text("mine")
    else:
        (here / "reloadd.toml").symlink_to("nowhere")

    assert main(["init"]) == 2
    message = "error: `reloadd.toml` is there already\n"
    hint = "  = hint: see what is wrong with it with `reloadd check reloadd.toml`\n"
    assert capsys.readouterr() == ("", message + hint)
    assert not (here / "nowhere").exists()


@pytest.mark.parametrize(
    ("files", "words", "message"),
    [
        ({}, ["init"], "error: nothing to run was found in `.`\n"),
        ({"broken.py": "def (:\n", "package.json": "[1"}, ["init", "."], "error: nothing to run was found in `.`\n"),
        ({}, ["init", "shop"], "error: there is no directory `shop`\n"),
        ({}, ["init", "a", "b"], "error: unexpected word `b`\n"),
    ],
)
def test_what_cannot_be_done_is_said(
    here: Path, files: Mapping[str, str], words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2, and nothing is written."""
    write_files(here, files)

    assert main(words) == 2
    out, wrong = capsys.readouterr()
    assert (out, wrong.startswith(message), list(here.glob("*.toml"))) == ("", True, [])


@dataclass(frozen=True, slots=True)
class Runnable:
    """A project that runs once `init` has looked at it.

    Attributes:
        files: it; `{port}` stands for a port that nobody else has.
        requirements: what is installed in its environment.
        prints: what shows that it runs, of one that serves nothing.
        listens_itself: whether it opens that port; else it is served where the profile says.
        is_installed: whether it is importable as after `pip install -e .`, which it takes to run at all.
    """

    files: Mapping[str, str]
    requirements: tuple[str, ...] = ()
    prints: str | None = None
    listens_itself: bool = False
    is_installed: bool = False


PYRAMID_VIEW = """
from pyramid.config import Configurator
from pyramid.response import Response

def main(global_config=None, **settings):
    with Configurator(settings=settings) as config:
        config.add_route("home", "/")
        config.add_view(lambda request: Response("hello"), route_name="home")
        return config.make_wsgi_app()
"""

SERVER_JS = """
require("http").createServer((request, response) => response.end("hello")).listen({port}, "127.0.0.1")
"""

WORKER = """
import time
print("at work", flush=True)
time.sleep(600)
"""


def files_of(app: str) -> Mapping[str, str]:
    """One of the apps that other tests run too."""
    return {str(each.relative_to(APPS / app)): each.read_text() for each in (APPS / app).rglob("*.py")}


RUNNABLE = {
    "flask": Runnable(files_of("flask_app"), ("flask",)),
    "fastapi": Runnable(files_of("fastapi_app"), ("fastapi", "uvicorn")),
    "django": Runnable(files_of("django_project"), ("django",)),
    "starlette": Runnable(
        {
            "backend/main.py": "from starlette.applications import Starlette\n"
            "from starlette.responses import PlainTextResponse\nfrom starlette.routing import Route\n\n"
            'app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("hello"))])\n'
        },
        ("starlette", "uvicorn"),
    ),
    "litestar": Runnable(
        {
            "app.py": "from litestar import Litestar, get\n\n"
            '@get("/")\nasync def home() -> str:\n    return "hello"\n\napp = Litestar([home])\n'
        },
        ("litestar", "uvicorn"),
    ),
    "pyramid": Runnable({"wsgi.py": f"{PYRAMID_VIEW}\napp = main()\n"}, ("pyramid", "waitress")),
    "pyramid of a cookiecutter": Runnable(
        {
            "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["pyramid", "waitress"]\n',
            "development.ini": "[app:main]\nuse = call:shop:main\n\n[server:main]\nuse = egg:waitress#main\n"
            "listen = localhost:{port}\n",
            "shop/__init__.py": PYRAMID_VIEW.replace("global_config=None", "global_config"),
        },
        ("pyramid", "waitress"),
        listens_itself=True,
        is_installed=True,
    ),
    "a package": Runnable(
        {
            "src/worker/__init__.py": "",
            "src/worker/__main__.py": f"import worker.tasks\n{WORKER}",
            "src/worker/tasks.py": "",
        },
        prints="at work",
    ),
    "a script": Runnable({"run.py": f'if __name__ == "__main__":\n{indent(WORKER, "    ")}'}, prints="at work"),
    "npm": Runnable(
        {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": SERVER_JS}, listens_itself=True
    ),
    "node": Runnable({"package.json": '{"main": "server.js"}', "server.js": SERVER_JS}, listens_itself=True),
}


# The first free port is chosen, and opened a moment later: by one of these at a time.
@pytest.mark.xdist_group("first free port")
@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=needs_node if kind in {"npm", "node"} else ()) for kind in RUNNABLE]
)
def test_the_profile_runs_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A daemon serves the project. The port is not the one that `init` found free: somebody may take that meanwhile."""
    runnable, project = RUNNABLE[kind], tmp_path / "project"
    with reserved_port() as port:
        write_files(project, {name: text.replace("{port}", str(port)) for name, text in runnable.files.items()})
        if runnable.requirements:
            python = environment(newest_interpreter(), *runnable.requirements)
            (project / ".venv").symlink_to(python.parents[1])
        monkeypatch.chdir(tmp_path)

        assert main(["init", "project"]) == 0
        profile = project / "reloadd.toml"
        profile.write_text(re.sub(r"127\.0\.0\.1:80\d\d", "127.0.0.1:0", profile.read_text()))
        installed = {"PYTHONPATH": str(project)} if runnable.is_installed else {}
        with RunningDaemon(tmp_path, "--profile", "project/reloadd.toml", environ=clean_environ(**installed)) as daemon:
            daemon.wait_for("child.ready")
            if runnable.prints is not None:
                wait_until(lambda: runnable.prints in daemon.output.splitlines(), f"{kind} runs")
            else:
                where = f"127.0.0.1:{port}" if runnable.listens_itself else daemon.address()
                wait_until(lambda: answers(where), f"{kind} answers")


def answers(address: str) -> bool:
    """Whether the app answers well."""
    try:
        return ask(address)[0] == 200
    except ConnectionRefusedError:
        return False
