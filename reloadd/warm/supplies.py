"""Which supply of prepared processes an app has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.profile.model import Switch
from reloadd.supervise.supply import NoSupply, Supply
from reloadd.warm.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.profile.model import Profile
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.running import Surroundings


def supply_for(profile: Profile, listeners: Sequence[Listener], surroundings: Surroundings) -> Supply:
    """Prepared processes, if the profile wants them."""
    if profile.warm.mode is Switch.OFF:
        return NoSupply()
    return Pool(profile, listeners, surroundings)
