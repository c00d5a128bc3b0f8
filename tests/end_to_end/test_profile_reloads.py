"""Profiles that are saved while their apps serve: only what changed is done, and nothing is lost."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, ask, clean_environ, wait_until, write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.slow]

EDITS = int(os.environ.get("RELOADD_TEST_PROFILE_EDITS", "0"))
"""How many edits the long form makes; the short one makes 40."""

APP = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%s %s %d" % (os.environ["NAME"], os.environ["VALUE"], os.getpid())).encode()]
"""

PROFILE = """\
[target]
app = "web:app"
server = "wsgiref"
env = {{ NAME = "{name}", VALUE = "{value}" }}
[listen]
http = "unix:{name}.sock"
[watch]
include = ["{include}"]
[restart]
stop-timeout = {timeout}
"""


def write_app(directory: Path, *names: str) -> None:
    """Profiles of one WSGI app, which says by which of them it was started."""
    profiles = {f"{name}.toml": PROFILE.format(name=name, value=1, include="web.py", timeout=5) for name in names}
    write_files(directory, {"web.py": APP, **profiles})


def edit(file: Path, old: str, new: str) -> None:
    """Save a file with some words replaced."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_only_what_changed_is_done(tmp_path: Path) -> None:
    """A policy restarts nothing, a glob renews the watch, a variable hands over to a new child; each is said."""
    write_app(tmp_path, "shop", "other")
    shop, address = tmp_path / "shop.toml", f"unix:{tmp_path / 'shop.sock'}"
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for("child.ready", profile="shop")
        other = daemon.wait_for("child.ready", profile="other")["pid"]
        first = ask(address)[1]

        edit(shop, "stop-timeout = 5", "stop-timeout = 4")
        policy = daemon.wait_for("profile.reloaded", profile="shop")
        edit(shop, '"web.py"', '"*.txt"')
        glob = daemon.wait_for_count("profile.reloaded", 2, profile="shop")[1]
        daemon.wait_for_count("watch.started", 2, profile="shop")
        assert ask(address)[1] == first
        (tmp_path / "web.py").write_text(APP + "\n")
        daemon.wait_for("restart.completed", profile="other", generation=2)
        (tmp_path / "prices.txt").write_text("1")
        daemon.wait_for("restart.completed", profile="shop", generation=2, cause="change")
        edit(shop, 'VALUE = "1"', 'VALUE = "2"')
        restart = daemon.wait_for("restart.completed", profile="shop", generation=3)

        assert (policy["changed"], policy["renewed"]) == (["restart.stop-timeout", "restart.drain-timeout"], [])
        assert (glob["changed"], glob["renewed"]) == (["watch.include"], ["watch"])
        assert restart["cause"] == "profile"
        assert ask(address)[1].startswith("shop 2 ")
        assert len(daemon.all("socket.bound", profile="shop")) == 1
        assert [each["pid"] for each in daemon.all("child.exited", profile="other")] == [other]
        assert daemon.all("profile.reloaded", profile="other") == []


def test_a_new_address_is_served_by_a_new_child(tmp_path: Path) -> None:
    """The old socket is closed, and its file taken away."""
    write_app(tmp_path, "shop")
    with RunningDaemon(tmp_path, "--profile", "shop.toml") as daemon:
        daemon.wait_for("child.ready")
        edit(tmp_path / "shop.toml", "unix:shop.sock", "unix:new.sock")
        daemon.wait_for("restart.completed", cause="profile")

        assert ask(f"unix:{tmp_path / 'new.sock'}")[1].startswith("shop 1 ")
        assert daemon.wait_for("socket.closed")["address"] == f"unix:{tmp_path / 'shop.sock'}"
        assert not (tmp_path / "shop.sock").exists()


def serves(address: str, beginning: str) -> bool:
    """Whether what is answered begins so."""
    return ask(address)[1].startswith(beginning)


def test_no_change_falls_between_two_watches(tmp_path: Path) -> None:
    """A file that is saved at the same moment as the profile is told, be its watch renewed or its child as well."""
    write_app(tmp_path, "shop")
    profile, address = tmp_path / "shop.toml", f"unix:{tmp_path / 'shop.sock'}"
    with RunningDaemon(tmp_path, "--profile", "shop.toml") as daemon:
        daemon.wait_for("child.ready")
        for number in range(10):
            text = PROFILE.format(name="shop", value=number // 2, include="web.py", timeout=5)
            profile.write_text(text.replace("[watch]", f"[watch]\nsettle = 0.0{number}1"))
            (tmp_path / "web.py").write_text(APP.replace("%s %s", f"{number}: %s %s"))
            daemon.wait_for_count("profile.reloaded", number + 1)
            wait_until(partial(serves, address, f"{number}: "), f"save {number} is served")


def save_by_rename(file: Path, text: str) -> None:
    """As most editors and tools do."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text)
    new.replace(file)


def save_like_vim(file: Path, text: str) -> None:
    """The old file is moved away, the new one written, the old one removed."""
    backup = file.with_name(f"{file.name}~")
    if file.exists():
        file.rename(backup)
    file.write_text(text)
    backup.unlink(missing_ok=True)


def save_in_place(file: Path, text: str) -> None:
    """As a shell does."""
    file.write_text(text)


SAVES: tuple[Callable[[Path, str], None], ...] = (save_in_place, save_by_rename, save_like_vim)


def test_a_file_that_is_missing_for_a_moment_stops_nothing(tmp_path: Path) -> None:
    """However an editor saves, and be the file taken away and written anew, its app runs on; one that is gone ends."""
    write_app(tmp_path, "shop", "last")
    file = tmp_path / "shop.toml"
    text = file.read_text()
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for_count("child.ready", 2)
        for number, save in enumerate(SAVES, 1):
            save(file, text.replace("stop-timeout = 5", f"stop-timeout = {number}"))
            daemon.wait_for_count("profile.reloaded", number, profile="shop")
        file.unlink()
        file.write_text(text)
        (tmp_path / "last.toml").unlink()
        daemon.wait_for("child.exited", profile="last", exit_code=0, asked=True)

        assert daemon.all("profile.removed", profile="shop") == []
        assert daemon.all("child.exited", profile="shop") == []


def test_a_file_that_vanishes_while_another_app_stops_slowly_is_not_forgotten(tmp_path: Path) -> None:
    """Its time runs out while what was to be done is still being done."""
    write_app(tmp_path, "shop")
    slow = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf')\ntime.sleep(600)\n"
    profile = '[target]\nscript = "slow.py"\n[restart]\nstop-timeout = 2.5\n'
    write_files(tmp_path, {"slow.py": slow, "slow.toml": profile})
    with RunningDaemon(tmp_path, "--profile", ".", "-v") as daemon:
        daemon.wait_for_count("child.ready", 2)
        wait_until(lambda: "deaf" in daemon.output, "the script runs")
        (tmp_path / "slow.toml").unlink()
        daemon.wait_for("profile.vanished", profile="slow")
        (tmp_path / "shop.toml").unlink()
        daemon.wait_for("profile.vanished", profile="shop")
        daemon.wait_for("child.exited", profile="slow", signal="SIGKILL")
        daemon.wait_for("child.exited", profile="shop", exit_code=0, asked=True)


def test_named_files_come_and_go(tmp_path: Path) -> None:
    """A file that was named on the command line stops its app when it goes, and starts it when it is back."""
    write_app(tmp_path, "shop")
    file = tmp_path / "shop.toml"
    text = file.read_text()
    with RunningDaemon(tmp_path, "--profile", "shop.toml") as daemon:
        daemon.wait_for("child.ready")
        file.unlink()
        daemon.wait_for("child.exited", exit_code=0, asked=True)
        save_by_rename(file, text)
        daemon.wait_for("profile.added")

        assert daemon.wait_for("child.ready", generation=2)
        assert daemon.all("profile.rejected") == []


def test_the_users_own_directory_is_watched(tmp_path: Path) -> None:
    """Without `--profile`, what is put into the configuration directory is started; a link there is followed."""
    home = tmp_path / "config" / "reloadd"
    home.mkdir(parents=True)
    work = tmp_path / "work"
    write_app(work, "shop", "api")
    shutil.copy(work / "web.py", home)
    (home / "shop.toml").symlink_to(work / "shop.toml")
    with RunningDaemon(tmp_path, environ=clean_environ(XDG_CONFIG_HOME=str(tmp_path / "config"))) as daemon:
        daemon.wait_for("child.ready", profile="shop")
        (home / "api.toml").symlink_to(work / "api.toml")
        daemon.wait_for("child.ready", profile="api")
        edit(work / "shop.toml", 'VALUE = "1"', 'VALUE = "2"')
        daemon.wait_for("restart.completed", profile="shop", cause="profile")

        assert ask(f"unix:{work / 'shop.sock'}")[1].startswith("shop 2 ")


def test_a_held_app_is_tried_again_under_its_new_policy(tmp_path: Path) -> None:
    """It may be the policy that made it fail."""
    write_files(
        tmp_path,
        {
            "late.py": "import time\ntime.sleep(600)\n",
            "late.toml": '[target]\nscript = "late.py"\n[ready]\nstarted = 0.3\n[restart]\nready-timeout = 0.31\n'
            "backoff = { attempts = 1 }\n",
            "fails.py": "raise SystemExit(1)\n",
            "fails.toml": '[target]\nscript = "fails.py"\n[restart]\non-exit = "never"\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", "fails.toml") as daemon:
        daemon.wait_for("supervisor.held", attempts=1)
        edit(tmp_path / "fails.toml", '"never"', '"on-failure"')
        daemon.wait_for("restart.scheduled", attempt=2)


# At random.


@dataclass(slots=True)
class _Expected:
    """One profile as it was last valid, and how its app has to stand.

    Attributes:
        value, timeout, include: what its text is made of.
        is_there: whether its file is.
        starts: how often its child was started.
        reloads: how often it was said to be reloaded.
        removals: how often it was said to be gone.
    """

    name: str
    value: int = 1
    timeout: int = 5
    include: str = "web.py"
    is_there: bool = True
    starts: int = 1
    reloads: int = 0
    removals: int = 0

    @property
    def text(self) -> str:
        return PROFILE.format(name=self.name, value=self.value, include=self.include, timeout=self.timeout)


BROKEN = ("[target\n", "", "[target]\napp = 3\n", "{text}[restart]\n", "{text}colour = 'red'\n", "\x00", "[listen]\n")


@dataclass(slots=True)
class Editor:
    """Edits profiles at random and knows what must come of it.

    Attributes:
        directory: where they are.
        daemon: that runs them.
        chance: which edits.
        profiles: as they were last valid.
        log: what was done.
    """

    directory: Path
    daemon: RunningDaemon
    chance: random.Random
    profiles: dict[str, _Expected]
    log: list[str] = field(default_factory=list)

    def edit(self) -> None:
        """One edit, and the wait until it has been taken up."""
        one = self.chance.choice(list(self.profiles.values()))
        file = self.directory / f"{one.name}.toml"
        kind = self.chance.choice(("value", "value", "timeout", "include", "broken", "broken", "gone"))
        self.log.append(f"{kind} {one.name}")
        if not one.is_there:
            self.bring_back(one, file)
            return
        match kind:
            case "value":
                one.value += 1
                one.starts += 1
                one.reloads += 1
            case "timeout":
                one.timeout += 1
                one.reloads += 1
            case "include":
                one.include = f"web{'?' * self.chance.randint(0, 1)}.[p{one.reloads}]y"
                one.reloads += 1
            case "broken":
                self.break_one(one, file)
                return
            case _:
                file.unlink()
                one.is_there = False
                one.removals += 1
                self.daemon.wait_for_count("profile.removed", one.removals, profile=one.name)
                self.daemon.wait_for_count("child.exited", one.starts, profile=one.name)
                wait_until(lambda: not self.socket_of(one).exists(), f"the socket of {one.name} is gone")
                return
        self.chance.choice(SAVES)(file, one.text)
        self.wait_taken(one)

    def bring_back(self, one: _Expected, file: Path) -> None:
        """A profile that was gone is there again."""
        one.is_there = True
        one.starts += 1
        self.chance.choice(SAVES)(file, one.text)
        self.wait_taken(one)

    def break_one(self, one: _Expected, file: Path) -> None:
        """A profile is saved with a mistake, which is drawn; it is mended at its next edit."""
        drawn = self.drawn(one)
        self.chance.choice(SAVES)(file, self.chance.choice(BROKEN).format(text=one.text))
        wait_until(lambda: self.drawn(one) > drawn, f"{one.name} is drawn, {self.log[-5:]}")
        self.check_one(one)
        one.timeout += 1
        one.reloads += 1
        self.chance.choice(SAVES)(file, one.text)
        self.wait_taken(one)

    def drawn(self, one: _Expected) -> int:
        """How often it was rejected."""
        return sum(f" {one.name}.toml" in each["drawing"] for each in self.daemon.all("profile.rejected"))

    def wait_taken(self, one: _Expected) -> None:
        """Until as much was said of it as is to be said."""
        wait_until(lambda: self.said("profile.reloaded", one) >= one.reloads, f"{one.name} is read, {self.log[-5:]}")
        wait_until(lambda: self.starts(one) >= one.starts, f"{one.name} started {one.starts} times, {self.log[-5:]}")
        self.check_one(one)

    def socket_of(self, one: _Expected) -> Path:
        """Where it listens."""
        return self.directory / f"{one.name}.sock"

    def said(self, event: str, one: _Expected) -> int:
        """How often something was said of it."""
        return len(self.daemon.all(event, profile=one.name))

    def starts(self, one: _Expected) -> int:
        """How often its app got to serve."""
        return self.said("child.ready", one) + self.said("restart.completed", one)

    def check_one(self, one: _Expected) -> None:
        """It serves what it was last validly told to, by the child that this was told to."""
        said = ask(f"unix:{self.socket_of(one)}")[1]
        assert said.rpartition(" ")[0] == f"{one.name} {one.value}", self.log[-5:]

    def check_all(self) -> None:
        """The running set is that of the last valid profiles, and nobody restarted who had no reason to."""
        for one in self.profiles.values():
            assert self.starts(one) == one.starts, (one, self.log)
            assert self.said("profile.reloaded", one) == one.reloads
            assert self.said("profile.removed", one) == one.removals
            if one.is_there:
                self.check_one(one)
            else:
                assert not self.socket_of(one).exists()


@pytest.mark.timeout(60 if not EDITS else 1200)
def test_random_edits_leave_the_last_valid_profiles_running(tmp_path: Path) -> None:
    """Valid and broken, moved, vim's way, gone and back: the running set is right, and the rest never restarts."""
    count, edits = (30, EDITS) if EDITS else (6, 40)
    names = [f"app{number}" for number in range(count)]
    write_app(tmp_path, *names)
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for_count("child.ready", count, deadline=60)
        chance = random.Random(7)  # noqa: S311 (edits that can be made again)
        editor = Editor(tmp_path, daemon, chance, {name: _Expected(name) for name in names})
        for _ in range(edits):
            editor.edit()
        editor.check_all()

        assert daemon.all("daemon.failed") == []
        assert daemon.all("restart.abandoned") == []
