"""Which supply of prepared processes an app has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.profile.model import CommandTarget, Switch
from reloadd.supervise.supply import NoSupply, Supply
from reloadd.warm.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.profile.model import Profile
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.running import Surroundings


def supply_for(profile: Profile, listeners: Sequence[Listener], surroundings: Surroundings) -> Supply:
    """Prepared processes for what is Python, if the profile wants them; none for anything else."""
    if profile.warm.mode is Switch.OFF:
        return NoSupply()
    if isinstance(profile.launch.target, CommandTarget):
        return NoSupply(f"`{profile.launch.target.argv[0]}` is not known to be a program in Python")
    return Pool(profile, listeners, surroundings)
