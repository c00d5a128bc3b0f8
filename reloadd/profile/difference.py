"""What profiles that were read again ask for: two of them, or two sets, in; frozen steps out.

Only what changed is done. Never does any of it: `reloadd.fleet` does.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from reloadd.core.policy import Handover
from reloadd.profile.model import AppTarget, CommandTarget, ModuleTarget, Profile, ScriptTarget, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reloadd.profile.model import Launch, Listen, Restart, Warm, WatchSet


class Renewal(Enum):
    """What becomes of the child."""

    NONE = "none"
    """It runs on: nothing that it was started with has changed."""
    HANDOVER = "handover"
    """A new one is started beside it, and takes over when it can serve."""
    REPLACE = "replace"
    """It ends before the new one starts."""


@dataclass(frozen=True, slots=True)
class Add:
    """Start the app of a profile that is new."""

    profile: Profile


@dataclass(frozen=True, slots=True)
class Remove:
    """Stop the app of a profile that is no longer there."""

    profile: Profile


@dataclass(frozen=True, slots=True)
class Update:
    """Take the new values of a profile whose app runs.

    Attributes:
        profile: as it is now.
        changed: the keys behind it, such as `watch.include`; never empty.
        renews_watch: whether other files are to be watched, or in another way.
        renews_supply: whether processes that were prepared for a warm start no longer fit.
        child: what becomes of the child.
    """

    profile: Profile
    changed: tuple[str, ...]
    renews_watch: bool
    renews_supply: bool
    child: Renewal

    @property
    def why_supply(self) -> str:
        """Why processes that were prepared no longer fit, for a record of a start."""
        return f"the profile has another {', '.join(f'`{key}`' for key in self.changed if _is_told(key))}"


Step = Add | Remove | Update


def steps_between(running: Sequence[Profile], wanted: Sequence[Profile]) -> tuple[Step, ...]:
    """What leads from one set of profiles to another; names tell which is which, and are unique in each set."""
    before = {profile.name: profile for profile in running}
    after = {profile.name for profile in wanted}
    steps: list[Step] = [Remove(profile) for profile in running if profile.name not in after]
    for profile in wanted:
        old = before.get(profile.name)
        update = Add(profile) if old is None else update_between(old, profile)
        if update is not None:
            steps.append(update)
    return tuple(steps)


def update_between(old: Profile, new: Profile) -> Update | None:
    """What a changed profile asks for; None if it says what it said, be it in another file."""
    changed = tuple(_changed_keys(old, new))
    if not changed:
        return None
    return Update(new, changed, old.watch != new.watch, _renews_supply(changed), _renewal(old, new))


def _renews_supply(changed: tuple[str, ...]) -> bool:
    """A process is prepared with all that a child is told when it becomes one."""
    return any(map(_is_told, changed))


def _is_told(key: str) -> bool:
    return key == "restart.drain-timeout" or key.partition(".")[0] in {"target", "listen", "ready", "warm"}


def _renewal(old: Profile, new: Profile) -> Renewal:
    """Only what a child was given renews it: policies count from its next exit, readiness from the next start."""
    if (old.launch, old.listen, old.tls) == (new.launch, new.listen, new.tls):
        return Renewal.NONE
    both_are_apps = isinstance(old.launch.target, AppTarget) and isinstance(new.launch.target, AppTarget)
    # A connection that is open in the clear cannot move to a child that expects TLS.
    can_hand_over = both_are_apps and old.tls == new.tls and new.restart.handover is Handover.OVERLAP
    return Renewal.HANDOVER if can_hand_over else Renewal.REPLACE


def _changed_keys(old: Profile, new: Profile) -> Iterator[str]:
    """The keys whose values differ, tables in the order of the reference; what follows from a key is among them."""
    for field in _changed_fields(old, new):
        match field:
            case "file" | "name":
                # Where it stands is nothing to the app; the name is what makes two profiles the same.
                pass
            case "launch":
                yield from _changed_launch(old.launch, new.launch)
            case "listen":
                yield from (f"listen.{name}" for name in _changed_sockets(old.listen, new.listen))
            case "tls":
                yield "listen.tls"
            case "watch":
                yield from (f"watch.{key}" for key in _changed_fields(old.watch, new.watch))
            case "restart":
                yield from (f"restart.{key}" for key in _changed_fields(old.restart, new.restart))
            case "warm":
                yield from (f"warm.{key}" for key in _changed_fields(old.warm, new.warm))
            case _:
                yield field


def _changed_launch(old: Launch, new: Launch) -> Iterator[str]:
    # Which environment an interpreter belongs to follows from where it lies.
    named = {"target": _key_of(new.target), "venv": "python"}
    return iter(dict.fromkeys(f"target.{named.get(field, field)}" for field in _changed_fields(old, new)))


def _changed_sockets(old: tuple[Listen, ...], new: tuple[Listen, ...]) -> Iterator[str]:
    return iter(dict.fromkeys(listen.name for listen in (*old, *new) if (listen in old) != (listen in new)))


_Part = TypeVar("_Part", "Profile", "Launch", "WatchSet", "Restart", "Warm")


def _changed_fields(old: _Part, new: _Part) -> Iterator[str]:
    """The fields that differ, by the names that the profile has for them."""
    for field in fields(old):
        if getattr(old, field.name) != getattr(new, field.name):
            yield field.name.replace("_", "-")


def _key_of(target: Target) -> str:
    match target:
        case AppTarget():
            return "app"
        case ModuleTarget():
            return "module"
        case ScriptTarget():
            return "script"
        case CommandTarget():
            return "command"
