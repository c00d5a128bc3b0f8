"""The addresses of profiles: whether each is free, a daemon's of one's own, or another program's. Never binds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.control.client import NoAnswerError, RefusedError, connect_all
from reloadd.control.places import PlaceError
from reloadd.doctor.findings import Check, Verdict
from reloadd.profile.relations import is_concrete
from reloadd.supervise.holders import find_holder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reloadd.profile.model import Profile

_TOPIC = "sockets"


def check_sockets(profile: Profile, held: Mapping[str, str]) -> Iterator[Check]:
    """Each socket of a profile.

    Args:
        profile: whose.
        held: the addresses at which daemons of this user listen, each with which one does. See `held_addresses`.
    """
    for listen in profile.listen:
        subject = f"{profile.name}: {listen.name} {listen.address}"
        if not is_concrete(listen.address):
            yield Check(_TOPIC, subject, Verdict.OK, "any port that is free")
        elif str(listen.address) in held:
            yield Check(_TOPIC, subject, Verdict.OK, f"daemon {held[str(listen.address)]} listens there")
        elif (holder := find_holder(listen.address)) is not None:
            pid, command = holder
            fix = f"kill {pid}, or write another address in [listen]"
            yield Check(_TOPIC, subject, Verdict.BAD, f"taken by process {pid} (`{command}`)", fix)
        else:
            yield Check(_TOPIC, subject, Verdict.OK, "free")


def held_addresses(environ: Mapping[str, str]) -> dict[str, str]:
    """The addresses at which the daemons that answer listen. What is wrong with others `places` says."""
    held: dict[str, str] = {}
    try:
        connections, _ = connect_all(environ)
    except PlaceError:
        return held
    for connection in connections:
        with connection:
            try:
                status = connection.ask("status")
            except (NoAnswerError, RefusedError):
                continue
            for profile in status["profiles"]:
                held.update(dict.fromkeys(profile["addresses"].values(), connection.daemon))
    return held
