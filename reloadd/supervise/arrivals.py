"""Connections between two generations: one child hands them in when they fall idle, the child that accepts gets them.

A keep-alive connection thus outlives the process that accepted it. Never reads from or writes to a connection.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reloadd.supervise.child import Child


class Arrivals:
    """Where connections wait while no child accepts; those of an app that is stopped wait until it is started.

    Args:
        waiting: the descriptors of connections that wait already; owned from now on.
        leave: gets each descriptor that waited in vain, before it is closed.
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
        """Take back a connection that this child, being gone, did not get: whoever accepts next will get it."""
        self.shut(child)
        self.take(descriptor)

    def open(self, child: Child) -> None:
        """This child accepts from now on, beginning with those that wait."""
        self._accepting = child
        waiting, self._waiting = self._waiting, []
        for descriptor in waiting:
            child.adopt(descriptor)

    def follow(self, old: Child, new: Child) -> None:
        """Let the new child accept in place of the old one, if that one did."""
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
