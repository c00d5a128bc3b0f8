"""Real children, from the interpreter's start to the end of their group."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reloadd.core.exits import ExitStatus
from reloadd.profile.model import CommandTarget
from reloadd.supervise.listeners import bind
from tests.support.children import Listening, over, script, start, web, with_child
from tests.support.processes import DEADLINE, lives, open_descriptors, until
from tests.support.sockets import connect, listen_on

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.supervise.child import Child
    from tests.support.launching import MakeProfile

FAMILY = """
import os, signal, time
if os.fork() == 0:
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b'%d\\n' % os.getpid())
    time.sleep(600)
os.wait()
"""


def test_words_arrive_and_the_app_serves(make_profile: MakeProfile, tmp_path: Path) -> None:
    """An app says that it is imported, then that it is ready; what connected before is answered."""
    listener = bind(listen_on())

    async def scenario(child: Child, owner: Listening) -> None:
        with connect(listener.address) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            await until(lambda: "ready" in owner.told, "`ready`")
            child.admit()
            client.settimeout(DEADLINE)
            answer = await asyncio.to_thread(client.makefile("rb").read)
        assert b"hello" in answer
        child.terminate(signal.SIGTERM)
        await over(child, owner)
        assert child.asked

    try:
        assert with_child(web(make_profile, tmp_path), scenario, listener).told == ["imported", "ready", "code 0"]
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("pass", ExitStatus(code=0)),
        ("raise SystemExit(3)", ExitStatus(code=3)),
        ("raise ValueError", ExitStatus(code=1)),
        ("os._exit(255)", ExitStatus(code=255)),
        ("os.kill(os.getpid(), signal.SIGKILL)", ExitStatus(signal="SIGKILL")),
        ("os.abort()", ExitStatus(signal="SIGABRT")),
    ],
)
def test_status(make_profile: MakeProfile, tmp_path: Path, ending: str, status: ExitStatus) -> None:
    """How it ended is told once, and nobody had asked for it."""
    found: list[ExitStatus] = []

    async def scenario(child: Child, owner: Listening) -> None:
        await over(child, owner)
        assert not child.asked
        found.append(child.status)

    owner = with_child(script(make_profile, tmp_path, f"import os, signal\n{ending}\n"), scenario)

    assert (found, owner.told) == ([status], [str(status)])


def test_child_leads_a_session_of_its_own(make_profile: MakeProfile, tmp_path: Path) -> None:
    """It has the plan's directory and environment, its own session and group, no descriptor of ours; `ps` names it."""
    source = (
        "import json, os\n"
        "print(open('/proc/self/cmdline').read().split('\\0')[-2])\n"
        "print(json.dumps([os.getpid(), os.getpgid(0), os.getsid(0), os.getcwd(), os.environ['RELOADD_MARK'],\n"
        "                  sorted(int(each) for each in os.listdir('/dev/fd'))[:-1]]))\n"
    )

    async def scenario(child: Child, owner: Listening) -> None:
        await over(child, owner)
        name, line = owner.read().splitlines()
        told = json.loads(line)
        assert name == b"shop"
        mark = owner.surroundings.guard.environ["RELOADD_MARK"]
        assert told == [child.pid, child.pid, child.pid, str(tmp_path), mark, [0, 1, 2]]
        assert child.generation == 7
        assert 0 < asyncio.get_running_loop().time() - child.started_at < DEADLINE

    with_child(script(make_profile, tmp_path, source), scenario)


def test_group_goes_with_its_leader(make_profile: MakeProfile, tmp_path: Path) -> None:
    """Grandchildren get the stop signal too; those that are deaf to it are killed after the grace."""

    async def scenario(child: Child, owner: Listening) -> None:
        await until(lambda: owner.read().count(b"\n") == 2, "the grandchildren")
        family = [int(pid) for pid in owner.read().split()]
        assert all(map(lives, family))
        child.terminate(signal.SIGTERM)
        await over(child, owner)
        assert any(map(lives, family))
        await child.wait_group_gone(grace=0.2)
        assert not any(map(lives, family))
        assert child.status == ExitStatus(signal="SIGTERM")

    with_child(script(make_profile, tmp_path, FAMILY), scenario)


@pytest.mark.parametrize(
    ("source", "status"),
    [("import time; time.sleep(600)", ExitStatus(signal="SIGTERM")), ("input()", ExitStatus(code=1))],
    ids=["is there", "has ended"],
)
def test_stop_signal_may_be_sent_later(
    make_profile: MakeProfile, tmp_path: Path, source: str, status: ExitStatus
) -> None:
    """The child is asked at once; one that has ended by then is sent nothing."""

    async def scenario(child: Child, owner: Listening) -> None:
        child.terminate(signal.SIGTERM, after=0.05 if status.signal else DEADLINE)
        assert child.asked
        await over(child, owner)
        assert child.status == status

    with_child(script(make_profile, tmp_path, source), scenario)


def test_kill_reaches_the_whole_group(make_profile: MakeProfile, tmp_path: Path) -> None:
    """Nobody is deaf to it."""

    async def scenario(child: Child, owner: Listening) -> None:
        await until(lambda: owner.read().count(b"\n") == 2, "the grandchildren")
        child.kill()
        await until(lambda: not any(lives(int(pid)) for pid in owner.read().split()), "the end of all")

    assert with_child(script(make_profile, tmp_path, FAMILY), scenario).told == ["SIGKILL"]


@pytest.mark.parametrize("wrong", ["python", "directory"])
def test_child_that_cannot_start(make_profile: MakeProfile, tmp_path: Path, wrong: str) -> None:
    """The error names the file that is not there; nothing is left open."""
    profile = script(make_profile, tmp_path, "")
    missing = tmp_path / "missing"
    launch = profile.launch
    changed = replace(launch, python=missing) if wrong == "python" else replace(launch, directory=missing)

    async def scenario() -> None:
        before = open_descriptors()
        owner = Listening()
        with pytest.raises(FileNotFoundError) as caught:
            start(replace(profile, launch=changed), owner)
        owner.close()
        assert str(caught.value.filename) == str(missing)
        assert open_descriptors() == before

    asyncio.run(scenario())


def test_ended_child_leaves_nothing_open(make_profile: MakeProfile, tmp_path: Path) -> None:
    """Its wire and what told of its end are closed."""

    async def scenario() -> None:
        before = open_descriptors()
        owner = Listening()
        child = start(script(make_profile, tmp_path, ""), owner)
        await over(child, owner)
        assert open_descriptors() == before

    asyncio.run(scenario())


def test_child_without_words(make_profile: MakeProfile) -> None:
    """A command has no wire: that it closes says nothing."""
    profile = make_profile(target=CommandTarget(("sleep", "600")))

    async def scenario(child: Child, owner: Listening) -> None:
        await until(lambda: not child.booted.wire.is_open, "the closed wire")
        assert owner.told == []
        assert lives(child.pid)

    with_child(profile, scenario)


def test_listeners_of_any_number_are_handed_down(make_profile: MakeProfile, tmp_path: Path) -> None:
    """The child finds them at 3, 4, ... under their names."""
    source = (
        "import os, socket\n"
        "for number in range(int(os.environ['LISTEN_FDS'])):\n"
        "    print(socket.socket(fileno=3 + number).getsockname()[1])\n"
        "print(os.environ['LISTEN_FDNAMES'], flush=True)\n"
    )
    listeners = [bind(listen_on(name=name)) for name in ("http", "admin", "metrics")]

    async def scenario(child: Child, owner: Listening) -> None:
        await over(child, owner)
        ports = [str(each.socket.getsockname()[1]) for each in listeners]
        assert owner.read().decode().split() == [*ports, "http:admin:metrics"]

    try:
        with_child(script(make_profile, tmp_path, source), scenario, *listeners)
    finally:
        for each in listeners:
            each.close()
