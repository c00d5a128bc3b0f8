"""A prepared process that is gone before it can be told anything."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING

from reloadd.warm.parked import Parked
from reloadd.warm.validity import Installed
from tests.support.children import over, web, with_child
from tests.support.launching import profile_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reloadd.core.obstacles import Failure
    from reloadd.runtime.wire import Frame
    from reloadd.supervise.child import Child
    from tests.support.children import Listening


class Deaf:
    """An owner that is to be told nothing."""

    def process_parked(self, process: Parked, frame: Frame) -> None:
        """Nobody told it to park."""
        raise AssertionError(process, frame)

    def process_lost(self, process: Parked, why: str, failures: Mapping[str, Failure]) -> None:
        """Its end is told to the child's owner here."""
        raise AssertionError(process, why, failures)


def test_what_a_copy_was_to_have_is_closed(tmp_path: Path) -> None:
    """A process killed in the moment in which it is asked for a copy: whoever asks goes on, and nothing stays open."""

    async def scenario(child: Child, listening: Listening) -> None:
        Parked(1, child.booted, Installed({}), Deaf())
        os.kill(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 - the loop is to have no turn here
        readable, writable = os.pipe()
        child.booted.wire.send("fork", {}, writable)

        assert os.read(readable, 1) == b""
        os.close(readable)
        child.booted.hand_to(child)
        await over(child, listening)

    with_child(web(partial(profile_in, tmp_path), tmp_path), scenario)
