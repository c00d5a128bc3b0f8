"""The user's service manager, as far as reloadd can be run by it. Never starts or installs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.doctor.findings import Check, Verdict
from reloadd.service.installation import Installation
from reloadd.service.systemctl import is_lingering, systemctl, systemd_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOPIC = "service"


def check_session(configuration: Path) -> Iterator[Check]:
    """Whether systemd runs for this user, and whether what it runs outlives a login.

    Args:
        configuration: the user's configuration directory, where units are installed.
    """
    installed = bool(Installation(configuration).ours())
    number = systemd_version()
    if not number or systemctl("is-system-running").output.strip() in {"", "offline", "unknown"}:
        verdict = Verdict.BAD if installed else Verdict.OK
        words = "systemd does not run for this user: start reloadd by hand"
        yield Check(_TOPIC, "systemd", verdict, words, "log in anew, not by `su`" if installed else None)
        return
    yield Check(_TOPIC, "systemd", Verdict.OK, f"version {number}")
    if not installed:
        yield Check(_TOPIC, "units", Verdict.OK, "not installed; `reloadd service install` would do it")
        return
    if is_lingering():
        yield Check(_TOPIC, "units", Verdict.OK, "installed; they go on after the last logout")
    else:
        words = "installed; they end with the last logout"
        yield Check(_TOPIC, "units", Verdict.WARN, words, "loginctl enable-linger")
