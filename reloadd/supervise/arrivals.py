"""Connections between two generations: handed in by one child when they fell idle, given to the child that accepts.

A keep-alive connection thus outlives the process that accepted it. Never reads from or writes to a connection.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reloadd.supervise.child import Child


class Arrivals:
    """Where connections wait while no child accepts. An app that is stopped may be started: its connections wait too.

    Args:
        waiting: those that do already; owned from now on.
        leave: gets each that waits in vain, before it is closed.
    """

    def __init__(self, waiting: Sequence[int], leave: Callable[[int], None]) -> None:
        self._waiting = list(waiting)
        self._leave = leave
        self._accepting: Child | None = None

    def take(self, descriptor: int) -> None:
        """A child handed in a connection, which is ours now."""
        if self._accepting is None:
            self._waiting.append(descriptor)
        else:
            self._accepting.adopt(descriptor)

    def take_back(self, child: Child, descriptor: int) -> None:
        """This child is gone, and never got a connection: whoever accepts next will."""
        self.shut(child)
        self.take(descriptor)

    def open(self, child: Child) -> None:
        """This child accepts from now on, beginning with those that wait."""
        self._accepting = child
        waiting, self._waiting = self._waiting, []
        for descriptor in waiting:
            child.adopt(descriptor)

    def follow(self, old: Child, new: Child) -> None:
        """Whatever this child was to accept, that one is."""
        if self._accepting is old:
            self._accepting = new

    def shut(self, child: Child) -> None:
        """This child accepts no more."""
        if self._accepting is child:
            self._accepting = None

    def close(self) -> None:
        """Nobody will accept any more: hang up on those that wait."""
        waiting, self._waiting = self._waiting, []
        for descriptor in waiting:
            self._leave(descriptor)
            os.close(descriptor)
