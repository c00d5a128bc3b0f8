"""What to say of an address that another daemon of the same user has: which profile has it there, and what to do.

Asks daemons, and waits for their answers: only for a daemon that cannot start. Never tells one anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reloadd.cli.daemons import all_daemons
from reloadd.cli.parser import CommandError
from reloadd.profile.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.profile.problems import Problem


def with_daemon(problem: Problem, address: str, holder: int | None, environ: Mapping[str, str]) -> Problem:
    """The problem with a better hint, if a daemon holds the address; a daemon listens for an app that is stopped too.

    Args:
        problem: that the address cannot be had.
        address: as the profile has it.
        holder: the process that listens there, if it is known.
        environ: where daemons are looked for.
    """
    try:
        with all_daemons(environ, None) as daemons:
            daemon = next((each for each in daemons if each.pid == holder), None)
    except CommandError:
        return problem
    if daemon is None:
        return problem
    ends = f"`kill {holder}`, which ends {listed(daemon.names, last='and')}"
    theirs = {each["file"]: each["name"] for each in daemon.status["profiles"] if address in each["addresses"].values()}
    if (name := theirs.get(str(problem.file))) is not None:
        label, hint = f"daemon {holder} runs this profile already", f"see `reloadd status {name}`, or {ends}"
    else:
        frees = f"change the address in {listed(tuple(theirs))}, or " if theirs else ""
        label, hint = f"daemon {holder} listens there", f"choose another address, {frees}{ends}"
    return replace(problem, label=label, hint=hint)
