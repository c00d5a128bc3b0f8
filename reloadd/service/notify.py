"""What we say to the service manager that started us: sd_notify(3), without its library.

Never decides what is said: `core.daemon_standing` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.service.datagrams import Datagrams

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 256
"""Messages that may wait. There are a handful a second at the most, and losing READY=1 would be fatal."""

_CLOSE_TIMEOUT = 1.0


class Notifier:
    """The manager's ear, or nobody's where there is no manager.

    Args:
        address: of its socket; None for nobody.
    """

    def __init__(self, address: str | None) -> None:
        self._datagrams = Datagrams(address, most=_MOST) if address is not None else None

    @property
    def is_heard(self) -> bool:
        """Whether there is a manager."""
        return self._datagrams is not None

    def say(self, *assignments: str) -> None:
        """Send assignments such as `READY=1`, all in one message."""
        if self._datagrams is not None and assignments:
            self._datagrams.send("\n".join(assignments).encode("utf-8", "backslashreplace"))

    def keep(self, name: str, descriptor: int) -> None:
        """Have the manager keep a descriptor, and pass it on to whoever it starts in our place."""
        if self._datagrams is not None:
            self._datagrams.send(f"FDSTORE=1\nFDNAME={name}".encode("ascii"), [descriptor])

    def forget(self, name: str) -> None:
        """Have the manager close what it keeps under a name."""
        self.say("FDSTOREREMOVE=1", f"FDNAME={name}")

    def close(self) -> None:
        """Send what waits, for a second at the most."""
        if self._datagrams is not None:
            self._datagrams.close(_CLOSE_TIMEOUT)


def notify_address(environ: Mapping[str, str]) -> str | None:
    """Where the manager listens; None where there is none, or one on the other side of a virtual machine (vsock)."""
    address = environ.get("NOTIFY_SOCKET", "")
    return address if address.startswith(("/", "@")) else None


def watchdog_seconds(environ: Mapping[str, str], pid: int) -> float | None:
    """After how long a silence the manager kills this process; None if it does not (sd_watchdog_enabled(3))."""
    meant = environ.get("WATCHDOG_PID", str(pid))
    microseconds = environ.get("WATCHDOG_USEC", "")
    if meant != str(pid) or not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 1e6
