"""Starts the children of one profile: each from a process that was prepared for it, or cold.

Never decides when: the supervisor does, as the machine tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.records import Printed
from reloadd.core.starts import Cold, Start
from reloadd.supervise.booted import Booted, boot
from reloadd.supervise.child import Child
from reloadd.supervise.launch import describe_listeners, plan_launch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.core.changes import ChangeSet
    from reloadd.profile.model import Profile
    from reloadd.supervise.child import Owner
    from reloadd.supervise.launch import Plan
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.running import Surroundings
    from reloadd.supervise.supply import Supply


class Launcher:
    """Starts children.

    Args:
        profile: whose.
        listeners: the sockets that they inherit, in the profile's order.
        surroundings: what is shared with other profiles' children.
        supply: where prepared processes come from.
    """

    def __init__(
        self, profile: Profile, listeners: Sequence[Listener], surroundings: Surroundings, supply: Supply
    ) -> None:
        self._profile = profile
        self._listeners = listeners
        self._surroundings = surroundings
        self._supply = supply

    def start(self, generation: int, changes: ChangeSet | None, owner: Owner) -> Child:
        """Start a child of this generation, which answers to these changes.

        Raises:
            EnvFileError: the profile's `env-file` cannot be used.
            OSError: the process cannot be started. Nothing is left open then.
        """
        plan = self._plan()
        found = self._supply.take(plan, changes)
        if isinstance(found, Cold):
            return self._start_cold(generation, plan, found, owner)
        return self._become(generation, found.booted, plan, found.start, owner, patience=found.patience)

    def start_again(self, refused: Child, why: str, owner: Owner) -> Child:
        """Start a child cold in place of a prepared process that did not become one, in the same generation.

        Raises:
            EnvFileError: as above.
            OSError: as above.
        """
        self._supply.refused(why)
        child = self._start_cold(refused.generation, self._plan(), Cold(f"{refused.start.words}: {why}"), owner)
        child.take_over(refused)
        return child

    def _plan(self) -> Plan:
        return plan_launch(self._profile, self._surroundings.environ, self._surroundings.guard.environ)

    def _start_cold(self, generation: int, plan: Plan, start: Cold, owner: Owner) -> Child:
        booted = boot(self._profile, plan, self._listeners, self._surroundings)
        return self._become(generation, booted, plan, start, owner)

    def _become(
        self, generation: int, booted: Booted, plan: Plan, start: Start, owner: Owner, *, patience: float = 0.0
    ) -> Child:
        name, around = self._profile.name, self._surroundings
        ends, output = booted.around.ends, booted.around.output
        output.on_lines = lambda lines: around.pass_on(Printed(name, generation, lines))
        around.console.bring_forward(name, ends, output)
        go = {
            **plan.go,
            "listeners": describe_listeners(self._listeners),
            "terminal": ends.has_keyboard,
            "ledger": self._supply.ledger(generation, start),
        }
        around.groups.enter(name, str(generation), booted.pid)
        return Child(generation, booted, go, start=start, owner=owner, patience=patience)
