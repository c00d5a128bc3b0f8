"""A zygote gives parked children within milliseconds where a fork is safe, and elsewhere says what is in the way."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reloadd.runtime import wire
from tests.support.booting import DEADLINE, Outcome, booted, clean_environ, script, write_files
from tests.support.environments import environment
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter
from tests.support.parking import parked, until_parked, until_unfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.booting import BootedChild, Go

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which threads a process has")

PYTHON = newest_interpreter().executable
_PR_SET_CHILD_SUBREAPER = 36

HEAVY = pytest.mark.skipif(not os.environ.get("RELOADD_TEST_ALL"), reason="large packages: RELOADD_TEST_ALL=1")


@pytest.fixture(autouse=True)
def adopts_orphans() -> Iterator[None]:
    """This process becomes the parent of what its children leave behind, as the daemon is."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of an app that has packages installed, in `site-packages` below its directory."""
    return clean_environ(PYTHONPATH=str(tmp_path / "venv" / "site-packages"))


@dataclass
class Copy:
    """A forked child: its `parked`, and our ends."""

    frame: wire.Frame
    connection: socket.socket
    stdout: int
    stderr: int

    def become(self, go: Go) -> Outcome:
        """Tell it to go, and wait for its end."""
        self.connection.sendall(wire.encode("go", **go, listeners=[], terminal=False))
        assert _next_word(self.connection)["word"] == "started"
        stdout, stderr = (_read_all(descriptor) for descriptor in (self.stdout, self.stderr))
        _, status = os.waitpid(self.frame["pid"], 0)
        return Outcome(stdout, stderr, os.waitstatus_to_exitcode(status))


@contextlib.contextmanager
def _copy(zygote: BootedChild, **environ: str | None) -> Iterator[Copy]:
    """Have a child forked; it is gone afterwards."""
    ours, theirs = socket.socketpair()
    ours.settimeout(DEADLINE)
    stdout, stdout_of_child = os.pipe()
    stderr, stderr_of_child = os.pipe()
    stdin = os.open(os.devnull, os.O_RDONLY)
    given = [theirs.detach(), stdin, stdout_of_child, stderr_of_child]
    zygote.tell("fork", *given, environ=environ)
    for descriptor in given:
        os.close(descriptor)
    try:
        with ours:
            frame = _next_word(ours)
            assert frame["word"] == "parked"
            yield Copy(frame, ours, stdout, stderr)
    finally:
        for descriptor in (stdout, stderr):
            os.close(descriptor)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(frame["pid"], signal.SIGKILL)
            os.waitpid(frame["pid"], 0)


def _next_word(connection: socket.socket) -> wire.Frame:
    received = b""
    while not received.endswith(b"\n"):
        chunk = connection.recv(1 << 16)
        assert chunk, received
        received += chunk
    return next(wire.split_frames(received)[0])


def _read_all(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, 1 << 16), b""))


def _zygote(
    python: Path, go: Go, *modules: str, directory: Path, environ: Mapping[str, str] | None = None
) -> contextlib.AbstractContextManager[BootedChild]:
    return parked(python, go, *modules, directory=directory, environ=environ, zygote=True)


PROGRAM = """\
import atexit, os, signal, sys, threading
atexit.register(print, "last")
print(os.getpid() == os.getsid(0) == os.getpgrp(), os.environ.get("A"), os.environ.get("B"), sys.argv[1:])
print([fd for fd in range(64) if os.path.exists("/dev/fd/%d" % fd)], open(0).read())
print([(s, signal.getsignal(s)) for s in sorted(signal.valid_signals())])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("no children")
threading.Thread(target=lambda: print("late")).start()
import near
"""


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_copy_becomes_the_app_as_a_cold_child_does(interpreter: Interpreter, tmp_path: Path) -> None:
    """Output, status, session, environment and signals are those of a cold start, again and again."""
    write_files(tmp_path, {"main.py": PROGRAM, "near.py": "1 / 0\n"})
    go = script(tmp_path / "main.py", "-v")
    with booted(interpreter.executable, go, directory=tmp_path, environ=clean_environ(A="new")) as child:
        cold = child.outcome()
    with _zygote(
        interpreter.executable, go, "threading", "subprocess", directory=tmp_path, environ=clean_environ(B="gone")
    ) as zygote:
        until_parked(zygote)
        outcomes = []
        for _ in range(2):
            with _copy(zygote, A="new", B=None) as copy:
                assert copy.frame["parent"] == os.getpid()
                outcomes.append(copy.become(go))
        zygote.tell("exit")
        assert zygote.outcome() == Outcome(b"", b"", 0)

    assert outcomes == [cold, cold]


def test_copies_draw_numbers_of_their_own(tmp_path: Path) -> None:
    """What was seeded before the fork is seeded anew, also where the library does not do it itself."""
    python = environment(newest_interpreter(), "numpy")
    write_files(
        tmp_path,
        {
            "main.py": "import random, secrets, tempfile, uuid\nimport numpy.random\n"
            "print(random.random(), secrets.token_hex(), tempfile.mktemp(), uuid.uuid4(), numpy.random.random())\n"
        },
    )
    go = script(tmp_path / "main.py")
    drawn = []
    with _zygote(python, go, "random", "secrets", "tempfile", "uuid", "numpy.random", directory=tmp_path) as zygote:
        until_parked(zygote)
        for _ in range(2):
            with _copy(zygote) as copy:
                drawn.append(copy.become(go).stdout.split())

    first, second = drawn
    assert len(first) == 5
    assert [ours for ours, theirs in zip(first, second, strict=True) if ours == theirs] == []


def test_numpy_is_fit_to_be_forked(tmp_path: Path) -> None:
    """Its threads are those of a library that stops them before a fork, and a copy can compute."""
    python = environment(newest_interpreter(), "numpy")
    write_files(tmp_path, {"main.py": "import numpy\na = numpy.ones((300, 300))\nprint((a @ a)[0, 0])\n"})
    go = script(tmp_path / "main.py")
    with _zygote(python, go, "numpy", directory=tmp_path) as zygote:
        until_parked(zygote)
        with _copy(zygote) as copy:
            assert copy.become(go) == Outcome(b"300.0\n", b"", 0)


UNSAFE = {
    "a thread": (
        "import threading\nthreading.Thread(target=threading.Event().wait, name='t', daemon=True).start()",
        "`t`",
    ),
    "an open file": ("kept = open(__file__)", "open"),
    "a process": ("import subprocess\nkept = subprocess.Popen(['sleep', '60'])", "another process"),
    "a timer": ("import signal\nsignal.setitimer(signal.ITIMER_REAL, 600)", "timer"),
}


@pytest.mark.parametrize(("statement", "reason"), UNSAFE.values(), ids=UNSAFE.keys())
def test_module_that_makes_a_fork_unsafe_is_named(
    statement: str, reason: str, tmp_path: Path, environ: dict[str, str]
) -> None:
    """The blame falls on the one module, also when others are imported after it."""
    write_files(tmp_path / "venv" / "site-packages", {"before.py": "", "unsafe.py": statement, "after.py": ""})
    go = script(tmp_path / "main.py")
    with _zygote(PYTHON, go, "before", "unsafe", "after", directory=tmp_path, environ=environ) as zygote:
        failures = until_unfit(zygote)

    assert list(failures) == ["unsafe"]
    assert failures["unsafe"][0] == "unsafe"
    assert reason in failures["unsafe"][1]


def test_log_that_is_appended_to_is_safe(tmp_path: Path, environ: dict[str, str]) -> None:
    """Several processes can append to a file."""
    write_files(
        tmp_path / "venv" / "site-packages", {"logs.py": "import logging\nlogging.basicConfig(filename='log')\n"}
    )
    go = script(tmp_path / "main.py")
    with _zygote(PYTHON, go, "logs", directory=tmp_path, environ=environ) as zygote:
        until_parked(zygote)


@pytest.mark.skipif(find_interpreters()[0].version != (3, 8), reason="there is no Python 3.8")
def test_development_mode_of_the_oldest_python_is_not_forked(tmp_path: Path) -> None:
    """Its debug allocator crashes in the copy of a copy."""
    go = script(tmp_path / "main.py")
    with parked(
        [str(find_interpreters()[0].executable), "-X", "dev"], go, "csv", directory=tmp_path, zygote=True
    ) as zygote:
        assert until_unfit(zygote)["csv"][0] == "unsafe"


def test_daemon_that_is_killed_takes_all_with_it(tmp_path: Path) -> None:
    """Zygote and parked copy see the end of the wire."""
    go = script(tmp_path / "main.py")
    with _zygote(PYTHON, go, "csv", directory=tmp_path) as zygote:
        until_parked(zygote)
        with _copy(zygote) as copy:
            zygote.hang_up()
            copy.connection.close()
            assert os.waitpid(copy.frame["pid"], 0)[1] == 0
        assert zygote.outcome() == Outcome(b"", b"", 0)


POLARS = "import polars\nprint(polars.DataFrame({'a': [1, 2]}).lazy().select(polars.col('a').sum()).collect().item())\n"
CLUSTERS = "from sklearn.cluster import KMeans\nprint(len(KMeans(2, n_init=1).fit([[0], [1], [9]]).cluster_centers_))\n"
GREENLETS = "from gevent import monkey\nmonkey.patch_all()\nimport gevent\nprint(gevent.spawn(lambda: 3).get())\n"

LIBRARIES = {
    "polars": (("polars",), ("polars",), POLARS, "native thread"),
    "scikit-learn": (("scikit-learn",), ("sklearn.cluster",), CLUSTERS, None),
    "gevent": (("gevent",), ("gevent",), GREENLETS, None),
    "pandas": (("pandas", "pyarrow"), ("pandas", "pyarrow"), "import pandas\nprint(pandas.Series([1]).sum())\n", None),
}


@HEAVY
@pytest.mark.slow
@pytest.mark.parametrize(("packages", "modules", "program", "unsafe"), LIBRARIES.values(), ids=LIBRARIES.keys())
def test_libraries_with_threads_work_warm(
    packages: tuple[str, ...], modules: tuple[str, ...], program: str, unsafe: str | None, tmp_path: Path
) -> None:
    """A spare can use each of them; a zygote refuses those that would hang in a copy, and copies of others compute."""
    python = environment(find_interpreters()[3], *packages)
    write_files(tmp_path, {"main.py": program})
    go = script(tmp_path / "main.py")
    with booted(python, go, directory=tmp_path) as child:
        cold = child.outcome()
    assert cold.status == 0
    with parked(python, go, *modules, directory=tmp_path) as spare:
        until_parked(spare)
        spare.tell("go", **go, listeners=[], terminal=False)
        spare.next_word()
        assert spare.outcome() == cold
    with _zygote(python, go, *modules, directory=tmp_path) as zygote:
        if unsafe is not None:
            assert {kind for kind, _ in until_unfit(zygote).values()} == {"unsafe"}
            return
        until_parked(zygote)
        with _copy(zygote) as copy:
            assert copy.become(go) == cold


@HEAVY
@pytest.mark.slow
@pytest.mark.parametrize(
    ("packages", "program"), [(("polars",), POLARS), (("scikit-learn",), CLUSTERS)], ids=["polars", "OpenMP"]
)
def test_library_that_was_used_before_a_fork_is_refused(
    packages: tuple[str, ...], program: str, tmp_path: Path
) -> None:
    """A package that computes at its import leaves threads behind, without which a copy would wait for ever."""
    python = environment(find_interpreters()[3], *packages)
    write_files(tmp_path / "venv" / "site-packages", {"eager.py": program})
    go = script(tmp_path / "main.py")
    environ = clean_environ(PYTHONPATH=str(tmp_path / "venv" / "site-packages"))
    with _zygote(python, go, "eager", directory=tmp_path, environ=environ) as zygote:
        assert until_unfit(zygote)["eager"][0] == "unsafe"
