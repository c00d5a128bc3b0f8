"""Connections between two generations, of which one is gone before it is known to be."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from reloadd.supervise.arrivals import Arrivals
from reloadd.supervise.listeners import bind
from tests.support.children import Listening, start, web
from tests.support.processes import until
from tests.support.served import connect
from tests.support.sockets import listen_on

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.supervise.child import Child
    from tests.support.launching import MakeProfile


class _Owner(Listening):
    def __init__(self, arrivals: Arrivals) -> None:
        super().__init__()
        self._arrivals = arrivals

    def child_missed(self, child: Child, descriptor: int) -> None:
        self._arrivals.take_back(child, descriptor)


def test_connection_for_a_child_that_is_gone_waits_for_the_next(make_profile: MakeProfile, tmp_path: Path) -> None:
    """Handed in while the child that accepts has crashed, unnoticed so far, it is answered by its successor."""
    profile = web(make_profile, tmp_path)
    listener = bind(listen_on())

    async def scenario() -> bytes:
        left: list[int] = []
        arrivals = Arrivals((), left.append)
        owners = [_Owner(arrivals), _Owner(arrivals)]
        crashed, successor = children = [start(profile, owner, listener) for owner in owners]
        try:
            await until(lambda: "ready" in owners[0].told and "ready" in owners[1].told, "both children")
            arrivals.open(crashed)
            os.kill(crashed.pid, signal.SIGKILL)
            # The loop stands still until it is gone.
            os.waitid(os.P_PID, crashed.pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 (see above)
            with connect(listener.socket) as client, client.makefile("rb") as answer:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                connection, _ = listener.socket.accept()
                arrivals.take(connection.detach())
                successor.admit()
                arrivals.open(successor)
                return await asyncio.to_thread(answer.read)
        finally:
            arrivals.close()
            for child, owner in zip(children, owners, strict=True):
                child.kill()
                await until(owner.is_over, "the end of the child")
                await child.wait_group_gone(grace=0)

    try:
        assert asyncio.run(scenario()).endswith(b"hello")
    finally:
        listener.close()
