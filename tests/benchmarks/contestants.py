"""What is compared: ways from a saved file to an answer of the new code. Each runs for real, on a socket of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tests.benchmarks.figures import Series
from tests.support.daemon import RunningDaemon, ask, clean_environ, write_files

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_DEADLINE = 30.0
_PAUSE = 0.001
"""Seconds between two questions: long enough to leave the processor to those who are measured."""

_APP = """\
VERSION = "{version}"


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(VERSION)))])
    return [VERSION.encode()]
"""

_WSGIREF = """\
import socket
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from app import app


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


server = WSGIServer(("127.0.0.1", 0), Quiet, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.server_name, server.server_port = server.server_address = server.socket.getsockname()
server.setup_environ()
server.set_app(app)
server.serve_forever()
"""

_WERKZEUG = """\
import sys

from werkzeug.serving import make_server

from app import app

make_server("127.0.0.1", 0, app, threaded=True, fd=int(sys.argv[1])).serve_forever()
"""

_WERKZEUG_RELOADING = """\
import sys

from werkzeug.serving import run_simple

from app import app

run_simple("127.0.0.1", int(sys.argv[1]), app, use_reloader=True, reloader_type=sys.argv[2], threaded=True)
"""

SCRIPTS = {"wsgiref": _WSGIREF, "werkzeug": _WERKZEUG}
"""Programs that serve on a socket that they inherit, by server."""

PARTS = ("settled_ms", "spawned_ms", "imported_ms", "ready_ms")
"""The steps of a restart, in the fields of `restart.completed`."""


class Contestant(ABC):
    """One way; open from `with` to the end of the block.

    Args:
        directory: an empty one.
        python: the app's interpreter.
        server: what the app is served by.
    """

    name: str

    def __init__(self, directory: Path, python: Path, server: str) -> None:
        self.directory = directory
        self.python = python
        self.server = server
        self.save("first")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def measure(self, version: str) -> float:
        """Seconds until the app, saved as this version, answers as such."""

    @abstractmethod
    def close(self) -> None:
        """End all that runs."""

    def save(self, version: str) -> None:
        """Write the app."""
        write_files(self.directory, {"app.py": _APP.format(version=version)})


class ColdStart(Contestant):
    """The floor: the app's own start, by a plain script on a socket that is there already. Nobody watches anything."""

    name = "its own cold start"

    def __init__(self, directory: Path, python: Path, server: str) -> None:
        super().__init__(directory, python, server)
        write_files(directory, {"serve.py": SCRIPTS[server]})
        self._listener = socket.create_server(("127.0.0.1", 0))

    def measure(self, version: str) -> float:
        """From the beginning of the save, as with the others: a process that is started before would not have it."""
        begun = time.perf_counter()
        self.save(version)
        process = subprocess.Popen(
            [self.python, "serve.py", str(self._listener.fileno())],
            cwd=self.directory,
            env=clean_environ(),
            pass_fds=[self._listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return _wait_served("127.0.0.1:{1}".format(*self._listener.getsockname()), version) - begun
        finally:
            process.kill()
            process.wait()

    def close(self) -> None:
        """Close the socket."""
        self._listener.close()


class Reloadd(Contestant):
    """A profile with nothing in it but the app, its server, a port, and whether the next process is prepared."""

    name = "reloadd"
    warm = "auto"

    def __init__(self, directory: Path, python: Path, server: str) -> None:
        super().__init__(directory, python, server)
        profile = (
            f'[target]\napp = "app:app"\npython = "{python}"\nserver = "{server}"\n\n[listen]\nhttp = "127.0.0.1:0"\n'
            f'\n[warm]\nmode = "{self.warm}"\n'
        )
        write_files(directory, {"dev.toml": profile})
        self._daemon = RunningDaemon(directory, "--profile", "dev.toml")
        self._daemon.wait_for("child.ready")
        self._address = self._daemon.address()

    def measure(self, version: str) -> float:
        """From the beginning of the save."""
        begun = time.perf_counter()
        self.save(version)
        return _wait_served(self._address, version) - begun

    def parts(self) -> dict[str, Series]:
        """Where the time of the restarts went, in milliseconds, by the daemon's own records."""
        records = self._daemon.all("restart.completed")
        return {part: Series(tuple(float(record[part]) for record in records)) for part in PARTS}

    def close(self) -> None:
        """End the daemon."""
        self._daemon.close()


class ColdReloadd(Reloadd):
    """The same, with nothing prepared."""

    name = 'reloadd, `[warm] mode = "off"`'
    warm = "off"


class OwnReloader(Contestant):
    """Werkzeug's development server with its own reloader."""

    kind: str

    def __init__(self, directory: Path, python: Path, server: str) -> None:
        super().__init__(directory, python, server)
        write_files(directory, {"serve.py": _WERKZEUG_RELOADING})
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._address = f"127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [self.python, "serve.py", str(port), self.kind],
            cwd=directory,
            env=clean_environ(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _wait_served(self._address, "first")

    def measure(self, version: str) -> float:
        """From the beginning of the save."""
        begun = time.perf_counter()
        self.save(version)
        return _wait_served(self._address, version) - begun

    def close(self) -> None:
        """End both processes."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class StatReloader(OwnReloader):
    """It looks at all files once a second."""

    name = "run_simple, stat"
    kind = "stat"


class WatchdogReloader(OwnReloader):
    """It is told by watchdog."""

    name = "run_simple, watchdog"
    kind = "watchdog"


def _wait_served(address: str, version: str) -> float:
    """When the app answered as this version."""
    end = time.perf_counter() + _DEADLINE
    while True:
        with suppress(OSError, http.client.HTTPException):
            if ask(address)[1] == version:
                return time.perf_counter()
        if time.perf_counter() > end:
            sys.exit(f"error: {address} did not answer as `{version}` within {_DEADLINE:g} seconds")
        time.sleep(_PAUSE)
