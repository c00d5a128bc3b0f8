"""Starts processes that are prepared, tells them what to import, and knows what they have read.

Never decides which there are: `core.slots` does, and `pool` does as it says.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from reloadd.supervise.booted import boot
from reloadd.supervise.launch import describe_listeners, plan_launch
from reloadd.supervise.noted import signature_of
from reloadd.warm.copies import Copying
from reloadd.warm.ledgers import Ledgers, read_prepared
from reloadd.warm.parked import Parked
from reloadd.warm.validity import Installed, fault_of_plan, fault_of_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reloadd.core.account import Account
    from reloadd.core.slots import Slot
    from reloadd.profile.model import Profile
    from reloadd.runtime.wire import Frame
    from reloadd.supervise.booted import Booted
    from reloadd.supervise.launch import Plan
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.running import Surroundings
    from reloadd.warm.knowledge import Knowledge
    from reloadd.warm.parked import Owner

_NUMBERS = count(1)
"""Of nurseries: a new one of the same app begins while the processes of the one before are being ended."""


@dataclass(slots=True)
class Process:
    """A prepared process.

    Attributes:
        parked: the process.
        plan: how it was started.
        ledger: the number under which it has kept its ledgers; that of its zygote, if it was forked.
        account: what it has read so far; None until that was looked at.
        moves: how often it has come further, and with that has read more.
        memory: bytes that would be free without it, once that was looked at.
    """

    parked: Parked
    plan: Plan
    ledger: int
    account: Account | None = None
    moves: int = 0
    memory: int | None = None

    @property
    def is_copy(self) -> bool:
        """Whether it was forked off another one."""
        return self.ledger != self.parked.number

    def move(self) -> int:
        """It has come further, so its account is no longer all that it has read; how often it has by now."""
        if not self.is_copy:
            self.account = None
        self.moves += 1
        return self.moves


class Nursery:
    """The processes that are prepared for one app, by their numbers.

    Args:
        profile: whose.
        listeners: what its children inherit.
        surroundings: what is shared with other apps.
        ledgers: where they keep theirs.
    """

    def __init__(
        self, profile: Profile, listeners: Sequence[Listener], surroundings: Surroundings, ledgers: Ledgers
    ) -> None:
        self._profile = profile
        self._listeners = listeners
        self._surroundings = surroundings
        self._ledgers = ledgers
        self._part = f"prepared-{next(_NUMBERS)}"
        self._copying: dict[int, Copying] = {}
        self.processes: dict[int, Process] = {}

    def build(self, number: int, knowledge: Knowledge, owner: Owner, *, is_zygote: bool) -> None:
        """Start a process, and have it import what is known to be wanted.

        Raises:
            EnvFileError: the profile's `env-file` cannot be used.
            OSError: it cannot be started.
        """
        plan = plan_launch(self._profile, self._surroundings.environ, self._surroundings.guard.environ)
        installed = Installed.of(knowledge.paths)
        booted = boot(self._profile, plan, self._listeners, self._surroundings)
        process = self._take_in(Parked(number, booted, installed, owner), plan, number)
        frame = {
            **self._frame(process, "parked"),
            "modules": list(knowledge.learned.modules),
            "environ": dict(knowledge.learned.environ),
            "zygote": is_zygote,
        }
        process.parked.tell("park", frame)

    def fork(
        self,
        number: int,
        zygote: int,
        owner: Owner,
        *,
        on_there: Callable[[Parked, Frame], None],
        on_failed: Callable[[str], None],
    ) -> None:
        """Have a copy forked off a process, in a moment."""
        template = self.processes[zygote]

        def there(booted: Booted, frame: Frame) -> None:
            del self._copying[number]
            parked = Parked(number, booted, template.parked.installed, owner, is_at_base=True)
            self._take_in(parked, template.plan, template.ledger).account = template.account
            on_there(parked, frame)

        def failed(why: str) -> None:
            del self._copying[number]
            on_failed(why)

        self._copying[number] = Copying(
            template.parked.booted, self._profile, self._surroundings, on_there=there, on_failed=failed
        )

    def run_ahead(self, number: int, until: str) -> None:
        """Let a process run the user's code, up to this module."""
        process = self.processes[number]
        process.move()
        process.parked.tell("ahead", {**self._frame(process, "ahead"), "until": until})

    def give(self, number: int) -> tuple[Booted, Path]:
        """Give a process away, with the ledger that it keeps if it has run ahead."""
        booted = self.processes[number].parked.release()
        kept = self._ledgers.path("given")
        ahead = self._ledgers.path(f"ahead-{number}")
        if ahead.exists():
            ahead.replace(kept)
        self.forget(number)
        return booted, kept

    def discard(self, number: int) -> Parked | None:
        """End a process; what it was, if it was there already."""
        if (copying := self._copying.pop(number, None)) is not None:
            copying.cancel()
            return None
        parked = self.processes[number].parked
        parked.discard()
        self.forget(number)
        return parked

    def forget(self, number: int) -> None:
        """Nothing more is wanted of a process."""
        if self.processes.pop(number).ledger == number:
            for path in self.ledgers_of(number):
                path.unlink(missing_ok=True)

    def ledgers_of(self, number: int) -> tuple[Path, Path]:
        """What a process has noted until it parked, and when it ran ahead."""
        return self._ledgers.path(f"parked-{number}"), self._ledgers.path(f"ahead-{number}")

    def read(self, process: Process) -> Account:
        """What a process has noted so far."""
        plan, program = process.plan, None
        if plan.go["target"] == "script":
            program = os.path.join(plan.directory, str(plan.go["name"]))  # noqa: PTH118 - as the ledger spells it
            program = os.path.abspath(program)  # noqa: PTH100 - the same
        return read_prepared(*self.ledgers_of(process.ledger), program)

    def faults(self, slots: Sequence[Slot], plan: Plan) -> dict[int, str]:
        """Why no child may be made from these processes now, up to the first that one may be made from."""
        look = cache(signature_of)
        found: dict[int, str] = {}
        for slot in slots:
            if (process := self.processes.get(slot.number)) is None:
                continue
            if not self._surroundings.console.suits(process.parked.booted.around.ends):
                found[slot.number] = "the terminal is used in another way"
                continue
            account = process.account or self.read(process)
            fault = fault_of_plan(process.plan, plan) or process.parked.installed.fault()
            fault = fault or fault_of_reading(account, look)
            if fault is not None:
                found[slot.number] = fault
            elif slot.can_be_given:
                break
        return found

    async def end(self) -> None:
        """End what is left in the control group of those that were not given away, and the group."""
        await self._surroundings.groups.end(self._profile.name, self._part)

    def _take_in(self, parked: Parked, plan: Plan, ledger: int) -> Process:
        self._surroundings.groups.enter(self._profile.name, self._part, parked.booted.pid)
        self.processes[parked.number] = process = Process(parked, plan, ledger)
        return process

    def _frame(self, process: Process, ledger: str) -> dict[str, object]:
        return {
            **process.plan.go,
            "listeners": describe_listeners(self._listeners),
            "terminal": process.parked.booted.around.ends.has_keyboard,
            "ledger": {"path": str(self._ledgers.path(f"{ledger}-{process.parked.number}")), "audit": True},
        }
