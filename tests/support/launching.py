"""Profiles for the supervising edge, made without a TOML file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

from reloadd.core.policy import Backoff, Handover, OnExit, WhileReloading
from reloadd.profile.model import (
    Backend,
    CommandTarget,
    Launch,
    Profile,
    ReadyTold,
    Restart,
    Switch,
    Target,
    Warm,
    WatchSet,
)

NOTHING = CommandTarget(("true",))
"""A target for tests that are about something else."""


class MakeProfile(Protocol):
    """What the fixture `make_profile` is."""

    def __call__(self, name: str = ..., target: Target = ...) -> Profile:
        """A profile in the test's directory."""


def profile_in(directory: Path, name: str = "shop", target: Target = NOTHING) -> Profile:
    """A profile with nothing in it but its target; tests replace what they are about."""
    return Profile(
        file=directory / f"{name}.toml",
        name=name,
        launch=Launch(
            target=target,
            args=(),
            python=Path(sys.executable),
            venv=None,
            directory=directory,
            env={},
            env_file=None,
        ),
        listen=(),
        tls=None,
        watch=WatchSet(
            roots=(directory,),
            include=("*.py",),
            exclude=(),
            gitignore=True,
            backend=Backend.AUTO,
            poll_interval=0.5,
            settle=None,
        ),
        restart=Restart(
            on_exit=OnExit.ON_FAILURE,
            handover=Handover.REPLACE,
            while_reloading=WhileReloading.HOLD,
            stop_signal="SIGTERM",
            stop_timeout=5.0,
            drain_timeout=4.0,
            ready_timeout=60.0,
            backoff=Backoff(),
        ),
        ready=ReadyTold(),
        warm=Warm(Switch.OFF, Switch.OFF, budget_mb=0),
    )
