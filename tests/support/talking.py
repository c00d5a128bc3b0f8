"""Commands that talk to daemons, run as users run them, and the bare socket below them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from tests.support.daemon import DEADLINE, RunningDaemon, clean_environ, wait_until, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MASKS = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "WHEN",
    r"\b\d\d:\d\d:\d\d\b": "TIME",
    r"\b\d+ ms": "N ms",
    r"_(ms|s)=[\d.]+": r"_\1=N",
    r"pid=\d+": "pid=PID",
    r"127\.0\.0\.1:\d+": "ADDRESS",
    r"(settled|stopped|spawned|imported|ready) \d+": r"\1 N",
}
"""What differs from run to run."""

APP = """
GREETING = "hello"

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [GREETING.encode()]
"""

WEB = """\
[target]
app = "web:app"
[listen]
http = "127.0.0.1:0"
[watch]
include = ["web.py"]
"""

TALKER = """\
import signal, sys
print("up", flush=True)
signal.pause()
"""

CRASH = """\
print("about to fail")
raise LookupError("no such thing")
"""


def script_profile(name: str, more: str = "") -> str:
    """A profile that runs, and watches, one script."""
    return f'[target]\nscript = "{name}.py"\n[watch]\ninclude = ["{name}.py"]\n{more}'


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer."""
        return json.loads(self.out)

    @property
    def masked(self) -> str:
        """Its answer without what differs from run to run; the widths of its columns differ as well."""
        return masked(self.out)


def masked(text: str) -> str:
    """Text without what differs from run to run."""
    for pattern, mask in MASKS.items():
        text = re.sub(pattern, mask, text)
    return "\n".join(re.sub(r"(?<=\S) {2,}", "  ", line) for line in text.splitlines())


class Home:
    """A user's surroundings: where daemons have their sockets and their history.

    Args:
        directory: an empty one.
    """

    def __init__(self, directory: Path, **extra: str) -> None:
        self.directory = directory
        self.runtime = directory / "run"
        self.state = directory / "state"
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        state = str(self.state)
        given = {"XDG_RUNTIME_DIR": str(self.runtime), "XDG_STATE_HOME": state, "XDG_CACHE_HOME": state, **extra}
        self.environ: Mapping[str, str] = clean_environ(**given)

    def daemon(self, *arguments: str, directory: Path | None = None) -> RunningDaemon:
        """A daemon of this user's."""
        return RunningDaemon(directory or self.directory, *arguments, environ=self.environ)

    def reloadd(self, *words: str, directory: Path | None = None, out: IO[str] | None = None) -> Said:
        """Run a command to its end; what it prints goes to `out` where that is given."""
        done = subprocess.run(
            [sys.executable, "-m", "reloadd", *words],
            cwd=directory or self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if out is None else out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=2 * DEADLINE,
            check=False,
        )
        return Said(done.returncode, done.stdout or "", done.stderr)

    def following(self, *words: str) -> subprocess.Popen[str]:
        """Start a command that goes on."""
        return subprocess.Popen(
            [sys.executable, "-m", "reloadd", *words],
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def sockets(self) -> list[Path]:
        """The sockets of daemons."""
        return sorted((self.runtime / "reloadd").glob("*.sock"))

    def connect(self) -> socket.socket:
        """A bare connection to the one daemon."""
        (path,) = self.sockets
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(DEADLINE)
        connection.connect(str(path))
        return connection

    def kept(self, profile: str, name: str = "log.jsonl") -> list[dict[str, Any]]:
        """What was kept of a profile."""
        return [json.loads(line) for path in self.state.glob(f"reloadd/{profile}-*/{name}") for line in path.open()]


def write_three_apps(directory: Path) -> None:
    """One that serves, one that prints and goes on, one that fails and is held."""
    held = "[restart]\nbackoff = { first = 0.01, attempts = 2 }\n"
    write_files(
        directory,
        {
            "web.py": APP,
            "talker.py": TALKER,
            "crash.py": CRASH,
            "web.toml": WEB,
            "talker.toml": script_profile("talker"),
            "crash.toml": script_profile("crash", held),
        },
    )


def wait_at_rest(daemon: RunningDaemon) -> None:
    """Wait until two of the three apps serve and the third is held."""
    daemon.wait_for("child.ready", profile="web")
    daemon.wait_for("child.ready", profile="talker")
    daemon.wait_for("supervisor.held", profile="crash")
    wait_until(lambda: "up" in daemon.output, "the talker's first line")
