"""How the roots of profiles are watched: by events, or by looking again and again, and why. Never watches anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.doctor.findings import Check, Verdict
from reloadd.profile.model import Backend
from reloadd.watch.mounts import blind_file_system, file_system_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.profile.model import Profile

_TOPIC = "watching"


def check_watching(profile: Profile) -> Iterator[Check]:
    """Each root of a profile."""
    watch = profile.watch
    for root in watch.roots:
        subject = f"{profile.name}: {root}"
        kind = file_system_at(str(root)) or "unknown file system"
        blind = blind_file_system(str(root)) is not None
        polled = f"polled every {watch.poll_interval:g} s"
        match watch.backend:
            case Backend.POLL:
                yield Check(_TOPIC, subject, Verdict.OK, f"{polled}, as the profile says ({kind})")
            case Backend.EVENTS if blind:
                words = f"events are asked for, and {kind} does not tell of what others write"
                yield Check(_TOPIC, subject, Verdict.BAD, words, '`backend = "auto"` in [watch]')
            case Backend.AUTO if blind:
                words = f"{polled}, because {kind} does not tell of what others write"
                yield Check(
                    _TOPIC, subject, Verdict.WARN, words, "shorten `poll-interval` in [watch], or move the files"
                )
            case _:
                yield Check(_TOPIC, subject, Verdict.OK, f"events ({kind})")
