"""Connections that outlive the daemon: what its apps hand in at their end goes to the apps of the next daemon.

So a browser's open connections survive a restart of the daemon as they survive that of an app. Never reads from one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.supervise.passed import connection_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.supervise.passed import Passed
    from reloadd.supervise.store import Keeper


class Connections:
    """The connections that an earlier daemon left with the service manager, and those that this one leaves.

    Args:
        passed: connections that were handed to us; owned from now on.
        keeper: the manager.
    """

    def __init__(self, passed: Sequence[Passed], keeper: Keeper) -> None:
        self._passed = list(passed)
        self._keeper = keeper
        self._is_ending = False
        for name in {each.name for each in passed if each.is_kept}:
            keeper.forget(name)

    def take(self, profile: str) -> list[int]:
        """The descriptors of the connections that were left for an app; they are the caller's now."""
        found = [each for each in self._passed if each.name == connection_name(profile)]
        self._passed = [each for each in self._passed if each not in found]
        return [each.socket.detach() for each in found]

    def leave(self, profile: str, descriptor: int) -> None:
        """Let the next daemon have a connection that nobody here will accept, if there will be one.

        The caller closes its descriptor, which hangs up if nobody else has it.
        """
        if self._is_ending:
            self._keeper.keep(connection_name(profile), descriptor)

    def end(self) -> None:
        """The daemon ends: what is left from now on is for the next one."""
        self._is_ending = True

    def close(self) -> None:
        """Hang up on those that no app has taken."""
        for each in self._passed:
            each.socket.close()
        self._passed = []
