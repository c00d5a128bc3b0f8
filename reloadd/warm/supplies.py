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


def supply_for(
    profile: Profile, listeners: Sequence[Listener], surroundings: Surroundings, *, why_none: str | None = None
) -> Supply:
    """Prepared processes, if the profile wants them.

    Args:
        profile: whose.
        listeners: what its children inherit.
        surroundings: what is shared with other apps.
        why_none: why those that were prepared before are of no use any more; None if there were none.
    """
    if profile.warm.mode is Switch.OFF:
        return NoSupply()
    return Pool(profile, listeners, surroundings, why_none)
