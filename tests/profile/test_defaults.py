"""What a profile means that says little, and what the paths in it lead to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reloadd.core.policy import Backoff, Handover, OnExit, WhileReloading
from reloadd.core.servers import Server
from reloadd.profile.model import (
    AppTarget,
    Backend,
    CommandTarget,
    Launch,
    Listen,
    ModuleTarget,
    Profile,
    ReadyFinished,
    ReadyListening,
    ReadyStarted,
    ReadyTold,
    Restart,
    ScriptTarget,
    Switch,
    TcpAddress,
    TlsAdhoc,
    TlsFiles,
    UnixAddress,
    Warm,
    WatchSet,
)
from reloadd.profile.watched import ALWAYS_EXCLUDED, default_include
from tests.support.profiles import ProfileDirectory

SLEEP = '[target]\ncommand = ["sleep", "1"]\n'
APP = '[target]\napp = "shop.main:app"\n\n[listen]\nhttp = "127.0.0.1:8000"\n'


def test_two_lines_are_a_whole_profile(tmp_path: Path) -> None:
    """All that is not given has a default."""
    directory = ProfileDirectory(tmp_path)
    python = directory.environment(".venv")

    assert directory.profile('[target]\nmodule = "shop"\n') == Profile(
        file=tmp_path / "dev.toml",
        name="dev",
        launch=Launch(
            target=ModuleTarget("shop"),
            args=(),
            python=python,
            venv=tmp_path / ".venv",
            directory=tmp_path,
            env={},
            env_file=None,
        ),
        listen=(),
        tls=None,
        watch=WatchSet(
            roots=(tmp_path,),
            include=default_include(ModuleTarget("shop")),
            exclude=(*ALWAYS_EXCLUDED, "/.venv/"),
            gitignore=True,
            backend=Backend.AUTO,
            poll_interval=0.5,
            settle=None,
        ),
        restart=Restart(
            on_exit=OnExit.ON_FAILURE,
            handover=Handover.REPLACE,
            while_reloading=WhileReloading.HOLD,
            stop_signal="SIGTERM",
            stop_timeout=5.0,
            drain_timeout=4.0,
            ready_timeout=60.0,
            backoff=Backoff(first=0.2, factor=2.0, most=10.0, attempts=5),
        ),
        ready=ReadyStarted(0.3),
        warm=Warm(Switch.AUTO, Switch.AUTO, budget_mb=512),
    )


def test_every_key_arrives(tmp_path: Path) -> None:
    """What is given is what the profile holds, with paths made absolute."""
    directory = ProfileDirectory(tmp_path)
    directory.write({"back/src/": "", "cert.pem": "", "key.pem": "", "conf/.env": "A=1\n"})
    python = directory.environment("tools/venv")

    profile = directory.profile("""\
name = "shop"
[target]
app = "shop.main:make.app()"
args = ["-v"]
python = "tools/venv/bin/python"
directory = "back"
env = { A = "2" }
env-file = "conf/.env"
server = "werkzeug"
processes = 3
[listen]
http = "[::1]:0"
admin-port = "unix:back/admin.sock"
tls-cert = "cert.pem"
tls-key = "key.pem"
[watch]
roots = ["back/src", "~/../conf"]
include = ["*.py"]
exclude = ["gen"]
gitignore = false
backend = "poll"
poll-interval = 2
settle = 0
[restart]
on-exit = "always"
handover = "overlap"
while-reloading = "serve-old"
stop-signal = "SIGINT"
stop-timeout = 3
drain-timeout = 2
ready-timeout = 9
backoff = { first = 1, factor = 3, most = 4, attempts = 2 }
[ready]
told = true
[warm]
mode = "off"
run-ahead = "off"
budget-mb = 64
""")

    assert profile == Profile(
        file=tmp_path / "dev.toml",
        name="shop",
        launch=Launch(
            target=AppTarget("shop.main", "make.app", is_factory=True, server=Server.WERKZEUG, processes=3),
            args=("-v",),
            python=python,
            venv=tmp_path / "tools" / "venv",
            directory=tmp_path / "back",
            env={"A": "2"},
            env_file=tmp_path / "conf" / ".env",
        ),
        listen=(
            Listen("http", TcpAddress("::1", 0)),
            Listen("admin-port", UnixAddress(tmp_path / "back" / "admin.sock")),
        ),
        tls=TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem"),
        watch=WatchSet(
            roots=(tmp_path / "back" / "src", tmp_path / "conf", tmp_path / "conf" / ".env"),
            include=("*.py",),
            exclude=(*ALWAYS_EXCLUDED, "gen"),
            gitignore=False,
            backend=Backend.POLL,
            poll_interval=2.0,
            settle=0.0,
        ),
        restart=Restart(
            on_exit=OnExit.ALWAYS,
            handover=Handover.OVERLAP,
            while_reloading=WhileReloading.SERVE_OLD,
            stop_signal="SIGINT",
            stop_timeout=3.0,
            drain_timeout=2.0,
            ready_timeout=9.0,
            backoff=Backoff(first=1.0, factor=3.0, most=4.0, attempts=2),
        ),
        ready=ReadyTold(),
        warm=Warm(Switch.OFF, Switch.OFF, budget_mb=64),
    )


@pytest.mark.parametrize(
    ("text", "handover"),
    [
        (APP, Handover.OVERLAP),
        (APP + '[ready]\nhttp = "/health"\n', Handover.REPLACE),
        (APP + "[restart]\nhandover = 'replace'\n", Handover.REPLACE),
        (SLEEP, Handover.REPLACE),
    ],
)
def test_apps_that_tell_are_handed_over(tmp_path: Path, text: str, handover: Handover) -> None:
    """Only a new generation that tells by itself when it serves can be started beside the old one."""
    assert ProfileDirectory(tmp_path).profile(text).restart.handover is handover


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        (APP, ReadyTold()),
        ('[target]\nmodule = "m"\n[listen]\nadmin = "127.0.0.1:0"\n', ReadyListening()),
        ('[target]\nmodule = "m"\n', ReadyStarted(0.3)),
        (SLEEP + "[ready]\nstarted = 2\n", ReadyStarted(2.0)),
        (SLEEP + "[ready]\nfinished = true\n", ReadyFinished()),
        (SLEEP + "[ready]\ntold = true\n", ReadyTold()),
        (SLEEP + '[ready]\nlistening = "[::1]:80"\n', ReadyListening(TcpAddress("::1", 80))),
        (APP + "[ready]\nlistening = true\n", ReadyListening()),
        (APP + "[ready]\ntold = true\n", ReadyTold()),
    ],
)
def test_readiness_is_known_the_best_way_there_is(text: str, ready: object, tmp_path: Path) -> None:
    """An app tells, a target with a socket is tried, any other has run for a moment; the profile may choose."""
    assert ProfileDirectory(tmp_path).profile(text).ready == ready


def test_adhoc_tls_needs_no_files(tmp_path: Path) -> None:
    """`tls = "adhoc"` stands alone."""
    assert ProfileDirectory(tmp_path).profile(APP + 'tls = "adhoc"\n').tls == TlsAdhoc()


@pytest.mark.parametrize("name", [".venv", "venv", "env"])
def test_an_environment_beside_the_profile_is_used(name: str, tmp_path: Path) -> None:
    """The usual names are found, as a link and not as what it leads to, and left out of the watch set."""
    directory = ProfileDirectory(tmp_path)
    python = directory.environment(name)

    profile = directory.profile(APP)

    assert (profile.launch.python, profile.launch.venv) == (python, tmp_path / name)
    assert f"/{name}/" in profile.watch.exclude


def test_an_environment_beside_the_profile_goes_before_one_in_its_directory(tmp_path: Path) -> None:
    """First beside the profile, then in the working directory."""
    directory = ProfileDirectory(tmp_path)
    inner = directory.environment("back/.venv")
    text = '[target]\nmodule = "m"\ndirectory = "back"\n'
    assert directory.profile(text).launch.python == inner

    outer = directory.environment("env")

    assert directory.profile(text).launch.python == outer


def test_a_directory_called_env_is_no_environment_without_its_mark(tmp_path: Path) -> None:
    """Without `pyvenv.cfg` it is a directory of the user's, which is watched; the daemon's interpreter is used."""
    directory = ProfileDirectory(tmp_path).write({"env/bin/python": ""})

    profile = directory.profile(APP)

    assert profile.launch.python == Path(sys.executable)
    assert "/env/" not in profile.watch.exclude


def test_an_interpreter_without_a_slash_is_found_on_path(tmp_path: Path) -> None:
    """`python = "python3.x"` means what a shell would run."""
    directory = ProfileDirectory(tmp_path)
    python = directory.environment("tools")
    directory.environ["PATH"] = str(python.parent)

    launch = directory.profile('[target]\nmodule = "m"\npython = "python"\n').launch

    assert (launch.python, launch.venv) == (python, tmp_path / "tools")


def test_the_daemons_own_environment_is_no_business_of_a_command(tmp_path: Path) -> None:
    """A command without an environment of its own gets none, so that `python` on its PATH stays the user's."""
    directory = ProfileDirectory(tmp_path)

    assert directory.profile(SLEEP).launch.venv is None


def test_a_command_is_looked_for_in_its_environment_first(tmp_path: Path) -> None:
    """A program that only the environment has is found; the words stay as they are written."""
    directory = ProfileDirectory(tmp_path)
    python = directory.environment(".venv")
    (python.parent / "only-here").symlink_to(sys.executable)

    launch = directory.profile('[target]\ncommand = ["only-here", "~/x"]\n').launch

    assert launch.target == CommandTarget(("only-here", "~/x"))


def test_the_path_that_the_child_will_have_is_searched(tmp_path: Path) -> None:
    """`env` goes before `env-file`, and both before the environment and the daemon's PATH."""
    directory = ProfileDirectory(tmp_path)
    python = directory.environment("a")
    (python.parent / "tool").symlink_to(sys.executable)
    command = '[target]\ncommand = ["tool"]\n'

    directory.profile(command + f'env = {{ PATH = "{python.parent}" }}\n')
    directory.write({".env": f"PATH={python.parent}\n"})
    directory.profile(command + 'env-file = ".env"\n')

    assert "there is no program `tool`" in directory.write({"dev.toml": command + 'env.PATH = "/"\n'}).drawn("dev.toml")


def test_the_home_directory_is_expanded(tmp_path: Path) -> None:
    """`~` in a path is the home directory; in a command it is so in the program's path only."""
    directory = ProfileDirectory(tmp_path).write({"home/job/": "", "home/bin/": ""})
    (tmp_path / "home" / "bin" / "tool").symlink_to(sys.executable)

    launch = directory.profile('[target]\ncommand = ["~/bin/tool", "~"]\ndirectory = "~/job"\n').launch

    assert launch.directory == tmp_path / "home" / "job"
    assert launch.target == CommandTarget((str(tmp_path / "home" / "bin" / "tool"), "~"))


def test_a_link_to_a_profile_keeps_its_paths_and_has_its_own_name(tmp_path: Path) -> None:
    """Paths are relative to the profile itself, so that it can be linked into the configuration directory."""
    directory = ProfileDirectory(tmp_path).write({"shop/dev.toml": APP, "links/": ""})
    python = directory.environment("shop/.venv")
    (tmp_path / "links" / "shop.toml").symlink_to(tmp_path / "shop" / "dev.toml")

    (profile,) = directory.load("links/").profiles

    assert (profile.name, profile.launch.python, profile.launch.directory) == ("shop", python, tmp_path / "shop")


def test_a_scripts_file_and_the_env_file_are_always_watched(tmp_path: Path) -> None:
    """They are roots of their own, wherever they lie and whatever `include` says."""
    directory = ProfileDirectory(tmp_path).write({"bin/tool": "", "src/": "", "conf.env": ""})

    profile = directory.profile(
        '[target]\nscript = "bin/tool"\nenv-file = "conf.env"\n[watch]\nroots = ["src"]\ninclude = ["*.html"]\n'
    )

    assert profile.launch.target == ScriptTarget(tmp_path / "bin" / "tool")
    assert profile.watch.roots == (tmp_path / "src", tmp_path / "bin" / "tool", tmp_path / "conf.env")


def test_a_directory_with_a_main_file_is_a_script(tmp_path: Path) -> None:
    """Python runs a directory that has a `__main__.py`, so a profile may name one."""
    directory = ProfileDirectory(tmp_path).write({"tool/__main__.py": ""})

    assert directory.profile('[target]\nscript = "tool"\n').launch.target == ScriptTarget(tmp_path / "tool")


PYTHON_FILES = {"*.py", "*.html", "*.yaml", ".env"}
NODE_FILES = {"*.js", "*.tsx", "package.json", ".env"}


@pytest.mark.parametrize(
    ("program", "some", "none"),
    [
        ("python3.12", PYTHON_FILES, {"*.js", "*.rb"}),
        ("/opt/bin/gunicorn", PYTHON_FILES, {"*.js", "*.rb"}),
        ("npm", NODE_FILES, {"*.py", "*.rb"}),
        ("node", NODE_FILES, {"*.py", "*.rb"}),
        ("./serve", PYTHON_FILES | NODE_FILES | {"*.rb", "*.go", "*.php"}, set[str]()),
    ],
)
def test_the_files_that_matter_to_a_command_follow_from_its_program(
    program: str, some: set[str], none: set[str]
) -> None:
    """Python's for Python's tools, the web's for Node's, all of them for a program that is not known."""
    include = set(default_include(CommandTarget((program,))))

    assert some <= include
    assert not none & include
    assert not any(glob.endswith(".toml") for glob in include)
