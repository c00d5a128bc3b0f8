"""A little machine with a real systemd in it: PID 1, a journal, a bus, logins, and one user's manager that lingers.

It lives in namespaces of its own, above an overlay of this machine's files, is up in a second, and goes with the test
that has it. Needs root. It is a place to run things in, not a prison: its root is the machine's root.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.support.daemon import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

USER, UID = "ada", 4242
"""Of the one who lingers. The journal keeps a file for a user from UID 1000 on only."""

HOME = Path("/home", USER)
REQUIRED = "RELOADD_TEST_REQUIRE_SYSTEMD"
"""The variable that makes a test fail where no box can be had; otherwise it is skipped."""

BOOTING = 60.0
ENTERING = 60.0

_INIT = Path(__file__).with_name("box_init.py")
_TOOLS = ("unshare", "nsenter", "mount", "setpriv", "systemd-run")
_NEEDED = {
    "/lib/systemd/systemd": "systemd",
    "/usr/bin/dbus-daemon": "dbus",
    "/usr/lib/systemd/user/dbus.socket": "dbus-user-session",
}
_SURROUNDINGS = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "",
}
PAM_SERVICE = "reloadd-box"


class BoxNotStartedError(Exception):
    """The machine did not come up; the text is what it said."""


def why_unavailable() -> str | None:
    """Why no box can be had on this machine; None if one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a box takes Linux and root"
    lacking = [tool for tool in _TOOLS if shutil.which(tool) is None]
    lacking += [package for file, package in _NEEDED.items() if not Path(file).exists()]
    lacking += [] if [*Path("/lib").glob("*/security/pam_systemd.so")] else ["libpam-systemd"]
    if lacking:
        return f"a box takes {', '.join(lacking)}"
    systems = Path("/proc/filesystems").read_text("ascii").split()
    if not {"overlay", "cgroup2"} <= set(systems):
        return "the kernel has no overlay file systems, or no control groups of the second kind"
    probe = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "this machine does not let us make namespaces"
    return None


@dataclass(frozen=True, slots=True)
class Shared:
    """A directory of the host that is in the box too, under the same path."""

    path: Path
    is_writable: bool = False


@dataclass
class Box:
    """The machine, from `with` to the end of the block.

    Args:
        shared: what it sees of the host besides the root file system; `/tmp` is its own.
    """

    shared: Sequence[Shared] = ()
    _pid: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="reloadd-box-"))
        self._group, self._mounted = _make_group(self._directory)
        self._console = self._directory / "console.log"
        self._console.touch()
        try:
            self._boot()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    @property
    def network(self) -> list[str]:
        """What to put before a command of the host to run it in the box's network and nowhere else in it."""
        return ["nsenter", f"--target={self._pid}", "--net"]

    def root(self, *command: str, stdin: str = "") -> str:
        """Run a command as the box's root, outside its control groups; what it printed.

        Raises:
            AssertionError: it failed.
        """
        return _checked(self._enter(*command), command, stdin)

    def user(self, *command: str) -> str:
        """Run a command as its user, quickly: it belongs to no session; what it printed.

        Raises:
            AssertionError: it failed.
        """
        return _checked(self._as_user(*command), command)

    def try_user(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The same, also if it fails."""
        return _run(self._as_user(*command))

    def login(self, *command: str, environ: Mapping[str, str] | None = None) -> str:
        """Run a command as its user would, in a login session; what it printed.

        It goes through PID 1 and PAM, so that session, bus and control group are what a login has.

        Raises:
            AssertionError: it failed.
        """
        settings = {**_SURROUNDINGS, **(environ or {})}
        options = ["--quiet", "--wait", "--collect", "--pipe", f"--uid={USER}", f"--property=PAMName={PAM_SERVICE}"]
        options += [f"--property=WorkingDirectory={HOME}", *(f"--setenv={name}={settings[name]}" for name in settings)]
        return _checked(self._enter("systemd-run", *options, "--", *command), command)

    def path(self, path: str | Path) -> Path:
        """Where the host finds a file of the box."""
        return Path(f"/proc/{self._pid}/root{path}")

    def write(self, files: Mapping[Path, str]) -> None:
        """Write files of its user's, with the directories that they need; relative paths are below the user's home."""
        for name, text in files.items():
            file = self.path(HOME / name)
            made = [file, *(above for above in file.parents if not above.exists())]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            for each in made:
                os.chown(each, UID, UID)

    def manager_is_up(self) -> bool:
        """Whether the user's manager answers."""
        ask = self._enter("systemctl", "is-active", f"user@{UID}.service")
        return _run(ask).returncode == 0 and self.path(f"/run/user/{UID}/bus").exists()

    def _as_user(self, *command: str) -> list[str]:
        identity = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups")
        settings = (f"HOME={HOME}", f"USER={USER}", f"XDG_RUNTIME_DIR=/run/user/{UID}")
        return self._enter(*identity, "env", f"--chdir={HOME}", *settings, *command)

    def _enter(self, *command: str) -> list[str]:
        spaces = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--root", "--wd")
        settings = [f"{name}={value}" for name, value in {**_SURROUNDINGS, "HOME": "/root"}.items()]
        return ["nsenter", f"--target={self._pid}", *spaces, "env", "--ignore-environment", *settings, *command]

    def _boot(self) -> None:
        orders = {
            "directory": str(self._directory),
            "user": USER,
            "uid": UID,
            "pam": PAM_SERVICE,
            "shared": [[str(each.path), each.is_writable] for each in self.shared],
        }
        new = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child=KILL"]
        with self._console.open("ab") as console:
            self._process = subprocess.Popen(
                # Into its control group first, which is then the root of all that it sees; and it dies with us.
                [
                    *("sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(self._group)),
                    *("setpriv", "--pdeathsig=KILL", "unshare", *new, sys.executable, str(_INIT), json.dumps(orders)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        wait_until(self._is_pid_1_up, "PID 1 of the box", deadline=BOOTING)
        wait_until(lambda: self._is_alive() and self.manager_is_up(), "the user's manager", deadline=BOOTING)

    def _is_alive(self) -> bool:
        if self._process.poll() is not None:
            # What became of it is only on its console.
            raise BoxNotStartedError(self._console.read_text("utf-8", "replace"))
        return True

    def _is_pid_1_up(self) -> bool:
        self._is_alive()
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii").split()
        for child in children:
            with suppress(OSError):
                if Path(f"/proc/{child}/comm").read_text("ascii").strip() == "systemd":
                    self._pid = int(child)
        return self._pid != 0

    def _remove(self) -> None:
        """End every process of the box at once; there is nothing in it that deserves an orderly end."""
        with suppress(OSError):
            (self._group / "cgroup.kill").write_text("1")
        if hasattr(self, "_process"):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(ENTERING)
        wait_until(lambda: _remove_groups(self._group), "every process of the box gone")
        if self._mounted is not None:
            subprocess.run(["umount", str(self._mounted)], check=True)
        shutil.rmtree(self._directory)


def _make_group(directory: Path) -> tuple[Path, Path | None]:
    """A control group for the box, and where its file system was mounted for that, if it was not there."""
    for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            mounted, ours = Path(before.split()[4]), None
            break
    else:
        mounted = ours = directory / "groups"
        mounted.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "none", str(mounted)], check=True)
    group = mounted / directory.name
    group.mkdir()
    return group, ours


def _remove_groups(group: Path) -> bool:
    for below in sorted(group.glob("**/"), reverse=True):
        try:
            below.rmdir()
        except OSError:
            return False
    return True


def _run(command: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=ENTERING)


def _checked(command: Sequence[str], shown: Sequence[str], stdin: str = "") -> str:
    result = _run(command, stdin)
    assert result.returncode == 0, f"`{' '.join(shown)}`: {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout
