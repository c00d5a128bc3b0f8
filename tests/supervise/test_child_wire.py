"""The wire of real children, and what an app may do to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reloadd.supervise.listeners import bind
from tests.support.children import Listening, over, web, with_child
from tests.support.processes import lives, until
from tests.support.sockets import listen_on

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.supervise.child import Child
    from tests.support.launching import MakeProfile

WRITE_TO_THE_WIRE = """
import os, sys
for descriptor in range(3, 64):
    try:
        os.write(descriptor, {garbage!r})
    except OSError:
        pass

def app(environ, start_response):
    raise NotImplementedError
"""


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage\n",
        b'{"word": 1}\n',
        b"[]\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"word": "re',
        b"\n\n\n",
    ],
    ids=["text", "number", "list", "bytes", "deep", "half", "empty"],
)
def test_garbage_on_the_wire_is_ignored(make_profile: MakeProfile, tmp_path: Path, garbage: bytes) -> None:
    """An app that writes into descriptors that it guessed is not believed, and lives on."""
    source = WRITE_TO_THE_WIRE.format(garbage=garbage) + "\nimport time\nprint('alive', flush=True)\ntime.sleep(600)\n"

    async def scenario(child: Child, owner: Listening) -> None:
        await until(lambda: b"alive" in owner.read(), "the app")
        await until(lambda: child.booted.wire._received or not child.booted.wire.is_open, "the garbage")
        assert lives(child.pid)
        child.kill()
        await over(child, owner)

    listener = bind(listen_on())
    try:
        assert with_child(web(make_profile, tmp_path, source), scenario, listener).told == ["SIGKILL"]
    finally:
        listener.close()


def test_flood_on_the_wire_costs_no_memory(make_profile: MakeProfile, tmp_path: Path) -> None:
    """A line without end is given up after a megabyte."""
    source = (
        "import os, stat\n"
        "wire = next(each for each in range(3, 64) if os.path.exists(f'/dev/fd/{each}')\n"
        "            and stat.S_ISSOCK(os.fstat(each).st_mode) and 'LISTEN_FDS' in os.environ and each != 3)\n"
        "try:\n"
        "    while True:\n"
        "        os.write(wire, b'x' * 65536)\n"
        "except OSError as error:\n"
        "    print(isinstance(error, ConnectionError), flush=True)\n"
        "raise SystemExit(9)\n"
    )

    async def scenario(child: Child, owner: Listening) -> None:
        await over(child, owner)
        assert len(child.booted.wire._received) < 2 << 20
        assert owner.read() == b"True\n"

    listener = bind(listen_on())
    try:
        assert with_child(web(make_profile, tmp_path, source), scenario, listener).told == ["code 9"]
    finally:
        listener.close()


def test_last_words_come_before_the_end(make_profile: MakeProfile, tmp_path: Path) -> None:
    """A child whose word and end are found in the same turn of the loop is heard in that order."""
    listener = bind(listen_on())

    async def scenario(child: Child, owner: Listening) -> None:
        # The loop stands still until there are both.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222
        await over(child, owner)

    try:
        source = WRITE_TO_THE_WIRE.format(garbage=b'{"word": "imported"}\n') + "\nos._exit(5)\n"
        profile = web(make_profile, tmp_path, source)
        assert with_child(profile, scenario, listener).told == ["imported", "code 5"]
    finally:
        listener.close()
