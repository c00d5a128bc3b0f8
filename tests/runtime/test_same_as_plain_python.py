"""A program cannot tell, and nor can its user, whether an interpreter or the runtime started it, cold or warm."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import DEADLINE, Go, Outcome, booted, clean_environ, module, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters
from tests.support.parking import go_now, parked, until_parked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.booting import BootedChild

DESCRIBE = """\
import sys
names = list(globals())
print(names)
print({name: str(globals()[name]) for name in names if name not in ("__builtins__", "__loader__", "__spec__")})
print(type(__loader__), getattr(__loader__, "name", None), getattr(__loader__, "path", None))
print([(name, getattr(__spec__, name, None)) for name in ("name", "origin", "parent", "cached", "has_location")])
print(sys.modules["__main__"].__dict__ is globals(), type(__builtins__))
print(sys.argv, getattr(sys, "orig_argv", [None])[1:], sys.path)
"""

SPAWN = """\
import multiprocessing

class Point:
    def __init__(self, x): self.x = x

def double(point): return Point(point.x * 2)

if __name__ == "__main__":
    for method in ("spawn", "fork", "forkserver"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(method, pool.map(double, [Point(21)])[0].x, Point.__module__)
"""

SUBPROCESSES = """\
import asyncio, os, subprocess, sys

async def ask():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(6 * 7)", stdout=subprocess.PIPE)
    return (await process.communicate())[0], process.returncode

print(subprocess.run([sys.executable, "-c", "import os; print('sub', os.environ.get('A'))"], stdout=-1).stdout)
print(asyncio.run(ask()))
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("no other children")
"""

PRELOADED = ("runpy", "threading", "traceback", "linecache", "warnings", "signal")
"""What a warm start has imported already: more than most of the programs need."""

PRELOADED_OF_PROCESSES = ("socket", "subprocess", "asyncio", "multiprocessing.pool", "multiprocessing.forkserver")


@dataclass(frozen=True)
class Case:
    """A program: its files, how it is named, and the signal it is sent once it has printed a line.

    `options` are the interpreter's; `preloaded` is what a warm start imports beforehand.
    """

    files: Mapping[str, str]
    is_module: bool = False
    name: str = "main.py"
    argv: tuple[str, ...] = ()
    signal: signal.Signals | None = None
    archive: str | None = None
    options: tuple[str, ...] = ()
    stdin: bytes = b""
    preloaded: tuple[str, ...] = PRELOADED
    environ: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, directory: Path) -> list[str]:
        """What an interpreter is given to run it."""
        return [*(["-m", self.name] if self.is_module else [str(directory / self.name)]), *self.argv]

    def go(self, directory: Path) -> Go:
        """What the runtime is given to run it."""
        return module(self.name, *self.argv) if self.is_module else script(directory / self.name, *self.argv)


CASES = {
    "script": Case({"main.py": DESCRIBE}, argv=("one", "--two", "three four", "\N{SNOWMAN}\N{GRINNING FACE}")),
    "script in another directory": Case(
        {"bin/tool.py": DESCRIBE + "import near\n", "bin/near.py": ""}, name="bin/tool.py"
    ),
    "script without a suffix": Case({"tool": '"""Said."""\n' + DESCRIBE}, name="tool"),
    "script with an encoding": Case(
        {"main.py": ("# -*- coding: latin-1 -*-\nprint(ascii('\N{LATIN SMALL LETTER E WITH ACUTE}'))\n")}
    ),
    "missing script": Case({}, name="nowhere.py"),
    "directory": Case({"tool/__main__.py": DESCRIBE + "import near\n", "tool/near.py": ""}, name="tool"),
    "directory without __main__": Case({"tool/near.py": ""}, name="tool"),
    "archive": Case({"__main__.py": DESCRIBE + "import near\n", "near.py": ""}, name="tool.zip", archive="tool.zip"),
    "module": Case({"tool.py": DESCRIBE}, is_module=True, name="tool", argv=("one", "-x")),
    "package": Case(
        {"tool/__init__.py": "import sys; print(sys.argv)", "tool/__main__.py": DESCRIBE}, is_module=True, name="tool"
    ),
    "module of a package": Case(
        {"tool/__init__.py": "", "tool/part.py": DESCRIBE + "from . import near\n", "tool/near.py": ""},
        is_module=True,
        name="tool.part",
    ),
    "missing module": Case({}, is_module=True, name="nowhere"),
    "package without __main__": Case({"tool/__init__.py": ""}, is_module=True, name="tool"),
    "module that raises": Case({"tool.py": "def f(): 1 / 0\nf()\n"}, is_module=True, name="tool"),
    "safe path": Case({"main.py": DESCRIBE}, environ={"PYTHONSAFEPATH": "1"}),
    "no modules of ours": Case(
        {"main.py": ("import sys\nprint('json' in sys.modules, 'socket' in sys.modules)")}, preloaded=("colorsys",)
    ),
    "shadowed standard library": Case(
        {
            "main.py": ("import json, signal\nprint(json.MINE, signal.MINE)"),
            "json.py": "MINE = 1",
            "signal.py": "MINE = 2",
        },
        preloaded=("colorsys",),
    ),
    "future of the runtime": Case({"main.py": ("def f(x: print('evaluated')): pass\nprint(f.__annotations__)")}),
    "exit with a code": Case({"main.py": "import sys\nsys.exit(3)"}),
    "exit with a message": Case({"main.py": "import sys\nsys.exit('so it is')"}),
    "exit with nothing": Case({"main.py": "raise SystemExit"}),
    "uncaught exception": Case(
        {
            "main.py": ("import near\nnear.f(1)"),
            "near.py": ("def f(x):\n    return g(x)\ndef g(x):\n    return x / 0\n"),
        }
    ),
    "chained exceptions": Case(
        {"main.py": ("try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e\n")}
    ),
    "hook of the user's own": Case(
        {
            "main.py": "import sys, traceback\n"
            "def hook(kind, error, trace):\n"
            "    print(kind, error, traceback.extract_tb(trace), traceback.extract_tb(error.__traceback__))\n"
            "sys.excepthook = hook\n"
            "1 / 0\n"
        }
    ),
    "syntax error": Case({"main.py": "print('not reached')\ndef f(:\n"}),
    "syntax error in an import": Case({"main.py": "import near\n", "near.py": ("x = 1\nif x\n    pass\n")}),
    "missing import": Case({"main.py": "import near\n", "near.py": "import nowhere\n"}),
    "keyboard interrupt": Case(
        {"main.py": ("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n")}
    ),
    "SIGTERM": Case({"main.py": ("import signal\nprint('here', flush=True)\nsignal.pause()\n")}, signal=signal.SIGTERM),
    "killed by itself": Case({"main.py": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"}),
    "segmentation fault": Case({"main.py": "import ctypes\nctypes.string_at(0)\n"}),
    "options": Case(
        {
            "main.py": "import sys, warnings\n"
            "print(sys.flags, sys._xoptions, sys.warnoptions, getattr(sys, 'orig_argv', [None])[1:])\n"
            "assert not 'reached'\nwarnings.warn('no')\n"
        },
        options=("-O", "-X", "mine=1", "-W", "error"),
    ),
    "standard input": Case({"main.py": "print(input('? ')[::-1], open(0).read())\n"}, stdin=b"abc\nrest\n"),
    "subprocesses": Case({"main.py": SUBPROCESSES}, environ={"A": "b"}, preloaded=PRELOADED_OF_PROCESSES),
    "os._exit": Case({"main.py": "import os\nos._exit(7)\n"}),
    "atexit": Case({"main.py": ("import atexit\natexit.register(print, 'last')\nprint('first')\n1 / 0\n")}),
    "late thread": Case({"main.py": ("import threading\nthreading.Thread(target=lambda: print('late')).start()\n")}),
    "exception in a thread": Case(
        {
            "main.py": (
                "import threading\ndef f(): 1 / 0\nt = threading.Thread(target=f, name='t')\nt.start()\nt.join()\n"
            )
        }
    ),
    "spawned processes": Case({"main.py": SPAWN}, preloaded=PRELOADED_OF_PROCESSES),
    "spawned processes of a module": Case(
        {"tool/__init__.py": "", "tool/part.py": SPAWN},
        is_module=True,
        name="tool.part",
        preloaded=PRELOADED_OF_PROCESSES,
    ),
    "warnings": Case(
        {
            "main.py": (
                "import warnings\nwarnings.warn('mind')\ndef f():\n    warnings.warn('this', stacklevel=2)\nf()\n"
            )
        }
    ),
    "source of itself": Case(
        {
            "main.py": (
                "import inspect, sys\ndef f():\n    return 1\nprint(inspect.getsource(f), inspect.getsourcefile(f))\n"
            )
        },
        preloaded=("inspect",),
    ),
    "descriptors": Case(
        {"main.py": ("import os\nprint([fd for fd in range(64) if os.path.exists('/dev/fd/%d' % fd)])\n")}
    ),
    "environment": Case({"main.py": "import os\nprint(sorted(os.environ.items()))\n"}),
    "environment of the C locale": Case(
        {"main.py": ("import os, sys\nprint(sorted(os.environ.items()), sys.stdout.encoding)\n")},
        environ={"LC_ALL": "", "LANG": "C"},
    ),
    "signals": Case(
        {
            "main.py": "import signal\n"
            "print([(s, signal.getsignal(s)) for s in sorted(signal.valid_signals())])\n"
            "print(signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
        }
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_output_and_status_are_those_of_plain_python(interpreter: Interpreter, case: Case, tmp_path: Path) -> None:
    """stdout, stderr and exit status are the same, byte for byte, after a cold start and after a warm one."""
    _write(case, tmp_path)

    expected = _run_plain(interpreter, case, tmp_path)
    _remove_caches(tmp_path)
    cold = _run_cold(interpreter, case, tmp_path)
    _remove_caches(tmp_path)
    warm = _run_warm(interpreter, case, tmp_path)

    assert cold == expected
    assert warm == expected


def _remove_caches(directory: Path) -> None:
    for cache in directory.rglob("__pycache__"):
        shutil.rmtree(cache)


def _run_cold(interpreter: Interpreter, case: Case, directory: Path) -> Outcome:
    with (
        _input(case) as stdin,
        booted(
            [str(interpreter.executable), *case.options],
            case.go(directory),
            directory=directory,
            environ=clean_environ(**case.environ),
            stdin=stdin,
        ) as child,
    ):
        return _signalled_outcome(case, child)


def _run_warm(interpreter: Interpreter, case: Case, directory: Path) -> Outcome:
    go = case.go(directory)
    with (
        _input(case) as stdin,
        parked(
            [str(interpreter.executable), *case.options],
            go,
            *case.preloaded,
            directory=directory,
            environ=clean_environ(**case.environ),
            stdin=stdin,
        ) as child,
    ):
        assert until_parked(child)["imported"] == len(case.preloaded)
        go_now(child, go)
        return _signalled_outcome(case, child)


def _signalled_outcome(case: Case, child: BootedChild) -> Outcome:
    if case.signal is not None:
        child.process.stdout.read(1)  # type: ignore[union-attr] # it is a pipe
        child.process.send_signal(case.signal)
    return child.outcome()


@contextlib.contextmanager
def _input(case: Case) -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(case.stdin)
        file.seek(0)
        yield file.fileno()


def _write(case: Case, directory: Path) -> None:
    if case.archive is None:
        write_files(directory, case.files)
        return
    with zipfile.ZipFile(directory / case.archive, "w") as archive:
        for name, text in case.files.items():
            archive.writestr(name, text)


def _run_plain(interpreter: Interpreter, case: Case, directory: Path) -> Outcome:
    with (
        _input(case) as stdin,
        subprocess.Popen(
            [interpreter.executable, *case.options, *case.arguments(directory)],
            cwd=directory,
            env=clean_environ(**case.environ),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process,
    ):
        if case.signal is not None:
            process.stdout.read(1)  # type: ignore[union-attr] # it is a pipe
            process.send_signal(case.signal)
        stdout, stderr = process.communicate(timeout=DEADLINE)
    return Outcome(stdout, stderr, process.returncode)
