"""`reloadd init`: small projects of each kind, looked at, written down, and run by a real daemon."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.cli import main
from reloadd.profile.json_schema import FILE
from tests.support.daemon import RunningDaemon, ask, wait_until, write_files
from tests.support.environments import environment
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


# The first free port is chosen, and opened a moment later: by one of these at a time.
@pytest.mark.xdist_group("first free port")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("app", "requirements", "path"),
    [
        ("flask_app", ("flask",), "/"),
        ("fastapi_app", ("fastapi", "uvicorn"), "/"),
        ("django_project", ("django",), "/"),
        pytest.param("node_server", (), "/", marks=needs_node),
    ],
)
def test_the_profile_runs_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: str, requirements: tuple[str, ...], path: str
) -> None:
    """A daemon serves the project. The port is not the one that `init` found free: somebody may take that meanwhile."""
    project = tmp_path / app
    shutil.copytree(APPS / app, project)
    if app == "node_server":
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        write_files(project, {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": NODE % port})
        address = f"127.0.0.1:{port}"
    else:
        python = environment(newest_interpreter(), *requirements)
        (project / ".venv").symlink_to(python.parents[1])
        address = ""
    monkeypatch.chdir(tmp_path)

    assert main(["init", app]) == 0
    profile = project / "reloadd.toml"
    profile.write_text(re.sub(r"127\.0\.0\.1:80\d\d", "127.0.0.1:0", profile.read_text()))
    with RunningDaemon(tmp_path, "--profile", f"{app}/reloadd.toml") as daemon:
        daemon.wait_for("child.ready")
        where = address or daemon.address()
        wait_until(lambda: answers(where, path), f"{app} answers")


def answers(address: str, path: str) -> bool:
    """Whether the app answers well."""
    try:
        return ask(address, path)[0] == 200
    except ConnectionRefusedError:
        return False


NODE = """
require("http").createServer((request, response) => response.end("hello")).listen(%d, "127.0.0.1")
"""
