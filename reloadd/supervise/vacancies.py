"""Addresses that could not be had, and looks at whether one of them may have become free.

Nothing reports that an address is given up. Never takes one, and never disturbs who has it: it makes no connection, and
none can come in.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloadd.core.policy import Backoff
from reloadd.supervise.listeners import may_be_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reloadd.profile.model import Address

_PACE = Backoff(first=1.0, factor=2.0, most=30.0)
"""Seconds between two looks: first after a second, then ever more rarely, for as long as it takes."""


class Vacancies:
    """Waits for addresses.

    Args:
        found: called when one may be free; who asks for it then may still be refused.
    """

    def __init__(self, found: Callable[[], None]) -> None:
        self._found = found
        self._addresses: frozenset[Address] = frozenset()
        self._looks = 0
        self._changed = asyncio.Event()

    def expect(self, addresses: Iterable[Address]) -> None:
        """Wait for these from now on, and no others; for the same ones, the pauses go on growing."""
        wanted = frozenset(addresses)
        if wanted != self._addresses:
            self._addresses = wanted
            self._looks = 0
            self._changed.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            pause = _PACE.delay(self._looks + 1) if self._addresses else None
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
                self._changed.clear()
            except TimeoutError:
                self._looks += 1
                # The name of a host may take long to look up.
                if await asyncio.to_thread(_is_one_free, self._addresses):
                    self._found()


def _is_one_free(addresses: frozenset[Address]) -> bool:
    return any(map(may_be_free, addresses))
