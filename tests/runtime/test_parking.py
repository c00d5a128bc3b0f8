"""A parked child imports what it is told to and waits; it runs nothing of the user's before `go`."""

from __future__ import annotations

import os
import pty
import signal
from typing import TYPE_CHECKING

import pytest

from reloadd.runtime import wire
from tests.support.booting import Outcome, app, booted, clean_environ, module, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter
from tests.support.parking import go_now, looked_up, parked, until_parked, until_unfit
from tests.support.served import get

if TYPE_CHECKING:
    import socket
    from pathlib import Path

PYTHON = newest_interpreter().executable


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of an app that has packages installed, in `site-packages` below its directory."""
    return clean_environ(PYTHONPATH=str(tmp_path / "venv" / "site-packages"))


def _install(directory: Path, files: dict[str, str]) -> None:
    write_files(directory / "venv" / "site-packages", files)


def _wait_for(path: str) -> str:
    return f"import os, time\nwhile not os.path.exists({path!r}): time.sleep(0.002)\n"


def _learn(directory: Path, environ: dict[str, str]) -> list[str]:
    """What a cold start imports that is not the user's, in the order of the first look-ups."""
    ledger = directory / "ledger"
    go = {**script(directory / "main.py"), "ledger": {"path": str(ledger), "audit": False}}
    with booted(PYTHON, go, directory=directory, environ=environ) as child:
        assert child.outcome().stderr == b""
    lines = list(wire.split_frames(ledger.read_bytes())[0])
    users = {line["name"] for line in lines if line["word"] == "found" and line["user"]}
    missed = {line["name"] for line in lines if line["word"] == "missed"}
    return [name for name in looked_up(lines) if name not in users | missed]


def test_cycles_of_imports_are_gone_through_as_the_app_goes(tmp_path: Path, environ: dict[str, str]) -> None:
    """The order of the first look-ups works where the order in which modules were complete, `sys.modules`, does not."""
    _install(tmp_path, {"ring/a.py": "X = 1\nfrom ring.b import Y\n", "ring/b.py": "from ring.a import X\nY = X\n"})
    write_files(tmp_path, {"main.py": "import ring.a, sys\nprint([m for m in sys.modules if m.startswith('ring')])\n"})
    go = script(tmp_path / "main.py")
    learned = _learn(tmp_path, environ)

    with parked(PYTHON, go, *learned, directory=tmp_path, environ=environ) as child:
        until_parked(child)
        go_now(child, go)
        complete = child.outcome().stdout
    with parked(PYTHON, go, *eval(complete), directory=tmp_path, environ=environ) as child:  # noqa: S307 (our own list)
        kinds = {name: kind for name, (kind, _) in until_unfit(child).items()}

    assert kinds == {"ring.b": "raised"}


def test_process_in_which_an_import_failed_is_not_kept(tmp_path: Path, environ: dict[str, str]) -> None:
    """All that fails is told at once, whatever the import raised, and the process ends."""
    _install(
        tmp_path,
        {"first.py": "1 / 0\n", "second.py": "raise SystemExit(3)\n", "third.py": "", "fourth.py": "import winreg_\n"},
    )
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, "first", "second", "third", "fourth", directory=tmp_path, environ=environ) as child:
        failures = until_unfit(child)
        outcome = child.outcome()

    assert failures == {
        "first": ("raised", "ZeroDivisionError: division by zero"),
        "second": ("raised", "SystemExit: 3"),
        "fourth": ("missing", "ModuleNotFoundError: No module named 'winreg_'"),
    }
    assert outcome == Outcome(b"", b"", 0)


def test_what_the_app_runs_is_not_imported(tmp_path: Path, environ: dict[str, str]) -> None:
    """The `__main__` of a package, and what `-m` runs, do their work when they are imported."""
    _install(
        tmp_path, {"tool/__init__.py": "", "tool/__main__.py": "print('runs')\n", "tool/run.py": "print('runs')\n"}
    )
    go = module("tool.run")
    with parked(PYTHON, go, "tool", "tool.__main__", "tool.run", directory=tmp_path, environ=environ) as child:
        assert until_parked(child)["imported"] == 1
        go_now(child, go)
        assert child.outcome() == Outcome(b"runs\n", b"", 0)


def test_users_module_does_not_run_before_go(tmp_path: Path, environ: dict[str, str]) -> None:
    """A library that imports the user's settings is blamed, even if it does without them, and they have not run."""
    _install(tmp_path, {"framework.py": "try:\n    import settings\nexcept ImportError:\n    pass\n", "other.py": ""})
    write_files(tmp_path, {"main.py": "", "settings.py": "open('has-run', 'w').close()\n"})
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, "framework", "other", directory=tmp_path, environ=environ) as child:
        failures = until_unfit(child)

    assert failures == {"framework": ("touched", f"it runs {tmp_path / 'settings.py'}")}
    assert not (tmp_path / "has-run").exists()


def test_file_that_shadows_a_library_is_touched(tmp_path: Path, environ: dict[str, str]) -> None:
    """What stands beside the script comes first, as in a cold start, so it is noticed before the app is there."""
    write_files(tmp_path, {"main.py": "", "colorsys.py": ""})
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, "colorsys", directory=tmp_path, environ=environ) as child:
        assert until_unfit(child)["colorsys"][0] == "touched"


def test_environment_is_the_apps_while_modules_are_imported(tmp_path: Path, environ: dict[str, str]) -> None:
    """A variable that the user's code sets before an import is there for that import, and only for it."""
    _install(tmp_path, {"reads.py": "import os\nSEEN = os.environ.get('THREADS'), os.environ.get('GONE')\n"})
    write_files(
        tmp_path,
        {
            "main.py": "import os\nprint(os.environ.get('THREADS'), os.environ['GONE'])\n"
            "os.environ['THREADS'] = '1'\ndel os.environ['GONE']\nimport reads\nprint(reads.SEEN)\n"
        },
    )
    go = script(tmp_path / "main.py")
    environ = {**environ, "GONE": "here"}
    with booted(PYTHON, go, directory=tmp_path, environ=environ) as child:
        cold = child.outcome()
    overlay = {"THREADS": "1", "GONE": None}
    with parked(PYTHON, go, "reads", directory=tmp_path, environ=environ, overlay=overlay) as child:
        until_parked(child)
        go_now(child, go)
        assert child.outcome() == cold


def test_scene_of_imports_is_the_apps(tmp_path: Path, environ: dict[str, str]) -> None:
    """Libraries that look at the arguments, at `__main__` or at the import path see the program's."""
    _install(
        tmp_path,
        {
            "looks.py": "import __main__, os, sys\n"
            "SEEN = sys.argv[:], sys.path[0], __main__.__file__\nos.chdir('/')\nprint('looked')\n"
        },
    )
    write_files(
        tmp_path,
        {"bin/main.py": "import os, sys\nimport looks\nprint(looks.SEEN)\nprint(sys.path[:2], os.getcwd())\n"},
    )
    go = script(tmp_path / "bin" / "main.py", "-v")
    with parked(PYTHON, go, "looks", directory=tmp_path, environ=environ) as child:
        until_parked(child)
        assert child.process.stdout is not None
        assert os.read(child.process.stdout.fileno(), 100) == b"looked\n"
        go_now(child, go)
        seen, path = child.outcome().stdout.decode().splitlines()

    main = str(tmp_path / "bin" / "main.py")
    assert seen == str(([main, "-v"], str(tmp_path / "bin"), main))
    assert path == f"{[str(tmp_path / 'bin'), environ['PYTHONPATH']]} {tmp_path}"


def test_go_is_not_kept_waiting_by_what_is_yet_to_be_imported(tmp_path: Path, environ: dict[str, str]) -> None:
    """What was not imported when `go` came is left to the app, which imports it in its own time."""
    _install(tmp_path, {"slow.py": "print('begun', flush=True)\n" + _wait_for("told"), "late.py": ""})
    write_files(tmp_path, {"main.py": "import sys\nprint('slow' in sys.modules, 'late' in sys.modules)\n"})
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, "slow", "late", directory=tmp_path, environ=environ) as child:
        assert child.process.stdout is not None
        assert child.process.stdout.readline() == b"begun\n"
        child.tell("go", **go, listeners=[], terminal=False)
        write_files(tmp_path, {"told": ""})
        frame = until_parked(child)
        assert child.next_word() == {"word": "started"}
        outcome = child.outcome()

    assert (frame["imported"], frame["left"]) == (1, 1)
    assert outcome == Outcome(b"True False\n", b"", 0)


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_parked_process_sees_what_was_saved_meanwhile(interpreter: Interpreter, tmp_path: Path) -> None:
    """Neither which files there are nor what is in them is remembered from before `go`."""
    write_files(tmp_path, {"main.py": "import new\nprint(new.V)\n", "old.py": ""})
    go = script(tmp_path / "main.py")
    with parked(interpreter.executable, go, "colorsys", "linecache", directory=tmp_path) as child:
        until_parked(child)
        write_files(tmp_path, {"main.py": "import new\nprint(-new.V)\n", "new.py": "V = 1\n"})
        go_now(child, go)
        assert child.outcome() == Outcome(b"-1\n", b"", 0)


@pytest.mark.parametrize("how", ["exit", "hang up", "hang up while importing", "SIGTERM", "SIGINT"])
def test_parked_process_ends_when_it_is_not_wanted(how: str, tmp_path: Path, environ: dict[str, str]) -> None:
    """By a word, with the daemon, and by what ends any process; without a sound."""
    _install(tmp_path, {"slow.py": _wait_for("told"), "late.py": _wait_for("never")})
    go = script(tmp_path / "main.py")
    is_importing = how == "hang up while importing"
    modules = ("slow", "late") if is_importing else ("colorsys",)
    with parked(PYTHON, go, *modules, directory=tmp_path, environ=environ) as child:
        if not is_importing:
            until_parked(child)
        if how == "exit":
            child.tell("exit")
        elif how.startswith("hang up"):
            child.hang_up()
            write_files(tmp_path, {"told": ""})
        else:
            child.process.send_signal(signal.Signals[how])
        outcome = child.outcome()

    assert outcome == Outcome(b"", b"", -signal.SIGTERM if how == "SIGTERM" else 0)


def test_parked_app_is_served(tmp_path: Path, http: socket.socket) -> None:
    """An app becomes ready on the listener that its process was started with."""
    write_files(
        tmp_path,
        {
            "shop.py": "import os\n"
            "def app(environ, start):\n"
            "    start('200 OK', [])\n"
            "    return [os.environ['LISTEN_PID'].encode()]\n"
        },
    )
    go = app("shop:app", "wsgiref")
    modules = ("_reloadd_runtime.serving", "_reloadd_runtime.servers.wsgiref_adapter")
    with parked(PYTHON, go, *modules, directory=tmp_path, listeners={"http": http}) as child:
        until_parked(child)
        child.tell("go", **go, listeners=[], terminal=False)
        child.say("accept")
        child.until_ready()
        assert get(http) == str(child.process.pid)
        assert child.stop().status == 0


def test_parked_process_takes_its_terminal_when_it_goes(tmp_path: Path) -> None:
    """It leads the foreground of a terminal that is its own, as after a cold start."""
    write_files(
        tmp_path, {"main.py": "import os\nprint(os.tcgetpgrp(0) == os.getpgrp(), open('/dev/tty') is not None)\n"}
    )
    go = script(tmp_path / "main.py")
    user, program = pty.openpty()
    try:
        with parked(PYTHON, go, "colorsys", directory=tmp_path, stdin=program) as child:
            until_parked(child)
            child.tell("go", **go, listeners=[], terminal=True)
            assert child.outcome() == Outcome(b"True True\n", b"", 0)
    finally:
        os.close(user)
        os.close(program)
