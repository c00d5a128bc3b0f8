"""The daemon's end of the wire, with a plain socket at the other end."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import TYPE_CHECKING

from reloadd.runtime import wire
from reloadd.supervise.wires import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Heard = list[tuple[str, int | None]]


def with_wire(scenario: Callable[[Wire, socket.socket, Heard], Awaitable[None]]) -> None:
    """Run a scenario with a wire, the other end's socket, and what the wire's owner heard."""

    async def run() -> None:
        ours, theirs = socket.socketpair()
        heard: Heard = []
        connected = Wire(ours, lambda frame, descriptor: heard.append((frame["word"], descriptor)))
        connected.listen()
        with theirs:
            try:
                async with asyncio.timeout(10):
                    await scenario(connected, theirs, heard)
            finally:
                connected.close()

    asyncio.run(run())


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until the condition holds."""
    while not condition():  # noqa: ASYNC110 (the loop itself is what is waited for)
        await asyncio.sleep(0.002)


def test_frames_arrive_whole_and_in_order() -> None:
    """However they are cut on the way."""

    async def scenario(_: Wire, theirs: socket.socket, heard: Heard) -> None:
        for byte in wire.encode("imported") + wire.encode("ready", server="wsgiref 3.11"):
            theirs.send(bytes([byte]))
            await asyncio.sleep(0)
        await until(lambda: len(heard) == 2)
        assert heard == [("imported", None), ("ready", None)]

    with_wire(scenario)


def test_descriptors_go_with_their_frames() -> None:
    """Both ways; each is the same open file under a number of the receiver's."""

    async def scenario(connected: Wire, theirs: socket.socket, heard: Heard) -> None:
        first, second = os.memfd_create("first"), os.memfd_create("second")
        os.write(first, b"1")
        os.write(second, b"2")
        socket.send_fds(theirs, [wire.encode("connection")], [first])
        theirs.send(wire.encode("paused"))
        socket.send_fds(theirs, [wire.encode("connection")], [second])
        await until(lambda: len(heard) == 3)

        assert [word for word, _ in heard] == ["connection", "paused", "connection"]
        contents = [os.pread(descriptor, 1, 0) for _, descriptor in heard if descriptor is not None]
        assert contents == [b"1", b"2"]

        connected.send("connection", None, first)
        data, (received,), _, _ = socket.recv_fds(theirs, 1 << 16, 1)
        assert json.loads(data) == {"word": "connection"}
        assert os.pread(received, 1, 0) == b"1"
        for descriptor in (second, received, *(each for _, each in heard if each is not None)):
            os.close(descriptor)

    with_wire(scenario)


def test_reader_that_is_late_gets_all() -> None:
    """A child that does not read for a while neither blocks the daemon nor loses a word or a descriptor."""

    async def scenario(connected: Wire, theirs: socket.socket, _: Heard) -> None:
        count = 3000
        for number in range(count):
            descriptor = os.memfd_create("connection") if number % 100 == 0 else None
            given = [] if descriptor is None else [descriptor]
            connected.send("connection" if given else "accept", {"number": number}, *given)
        theirs.settimeout(0)
        received = b""
        descriptors: list[int] = []
        while received.count(b"\n") < count:
            await asyncio.sleep(0)
            try:
                data, fds, *_rest = socket.recv_fds(theirs, 4096, 16)
            except BlockingIOError:
                continue
            received += data
            descriptors += fds
        for descriptor in descriptors:
            os.close(descriptor)

        assert [json.loads(line)["number"] for line in received.splitlines()] == list(range(count))
        assert len(descriptors) == count // 100

    with_wire(scenario)


def test_descriptor_that_cannot_be_sent_comes_back() -> None:
    """Those that wait for room and those that come later, when the other end has hung up."""

    async def scenario() -> None:
        ours, theirs = socket.socketpair()
        returned: list[int] = []
        connected = Wire(ours, lambda *_: None, returned.append)
        given = [os.memfd_create("connection") for _ in range(3)]
        connected.send("connection", {"padding": "x" * (1 << 20)}, given[0])
        connected.send("connection", None, given[1])
        theirs.close()
        await until(lambda: returned)
        connected.send("connection", None, given[2])
        connected.close()

        # The first went with the part of its frame that there was room for.
        assert returned == given[1:]
        for descriptor in returned:
            os.close(descriptor)

    asyncio.run(scenario())


def test_closing_leaves_no_descriptor() -> None:
    """What could not be sent, and what was not taken, is closed with the wire."""

    async def scenario(connected: Wire, theirs: socket.socket, _: Heard) -> None:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (a count is all that is wanted)
        for _number in range(2000):
            connected.send("connection", {"padding": "x" * 1000}, os.memfd_create("connection"))
            if len(os.listdir("/proc/self/fd")) > before + 20:  # noqa: PTH208
                break
        connected.close()
        theirs.close()

        assert len(os.listdir("/proc/self/fd")) == before - 2  # noqa: PTH208

    with_wire(scenario)
