"""Where daemons and those who talk to them find each other: a directory of the user's own, with a socket per daemon.

Both sides use it, so it loads little. Never removes a socket on which somebody listens.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.reasons import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX = ".sock"
_BACKLOG = 64
_PRIVATE = 0o700
_OTHERS = 0o077


class PlaceError(Exception):
    """The directory of sockets cannot be used.

    Attributes:
        message: why not.
        hint: what to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def runtime_directory(environ: Mapping[str, str]) -> str:
    """Where this user's daemons have their sockets.

    `$XDG_RUNTIME_DIR/reloadd`; a relative value is not valid (XDG Base Directory Specification). Where it is not set,
    as under cron and su: what systemd would set it to (pam_systemd(8)), or a directory in /tmp.
    """
    configured = environ.get("XDG_RUNTIME_DIR", "")
    usual = f"/run/user/{os.getuid()}"
    if os.path.isabs(configured):  # noqa: PTH117 - `pathlib` takes longer to import than all that is done here
        return f"{configured}/reloadd"
    if _is_ours(usual):
        return f"{usual}/reloadd"
    return f"/tmp/reloadd-{os.getuid()}"  # noqa: S108 - used only if it is ours and closed to others


def _is_ours(path: str) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


class Place:
    """The directory of sockets, open, so that all that is looked at or changed is in the directory that was checked.

    Args:
        path: of the directory.
        make: whether to make it where it is missing.

    Raises:
        FileNotFoundError: it is not there.
        PlaceError: it is not to be trusted, or cannot be made.
    """

    def __init__(self, path: str, *, make: bool = False) -> None:
        self.path = path
        if make:
            _make(path)
        try:
            self._directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise PlaceError(f"`{path}` cannot be used: {_words(error)}", _HINT) from error
        try:
            _hold_private(self._directory, path)
        except PlaceError:
            self.close()
            raise

    def names(self) -> list[str]:
        """The sockets in it, in the order of their names."""
        found = os.listdir(self._directory)  # noqa: PTH208 - of an open directory
        return sorted(name for name in found if name.endswith(_SUFFIX) and name[0] != ".")

    def connect(self, name: str, *, timeout: float) -> socket.socket | None:
        """A connection to the daemon with that socket; None if that is dead, and then its socket is removed, or gone.

        Raises:
            OSError: it does not take connections, but is not dead either.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(self._within(name))
        except ConnectionRefusedError:
            # Nobody has it open. One that is being made is not seen here: it gets its name once it listens.
            connection.close()
            self.remove(name)
            return None
        except FileNotFoundError:
            connection.close()
            return None
        except OSError:
            connection.close()
            raise
        return connection

    def listen(self, pid: int) -> tuple[socket.socket, str]:
        """A socket that listens, which only this user can connect to, and its name in the directory.

        Raises:
            OSError: the file system cannot have one.
        """
        # Another daemon has our number where two PID namespaces share the directory, as containers do.
        taken = {name for name in self.names() if self._is_alive(name)}
        name = next(each for each in _candidates(pid) if each not in taken)
        beginning = f".{name}.new"
        with suppress(FileNotFoundError):
            os.unlink(beginning, dir_fd=self._directory)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(self._within(beginning))
            os.chmod(beginning, 0o600, dir_fd=self._directory)
            listener.listen(_BACKLOG)
            os.rename(beginning, name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        except OSError:
            listener.close()
            raise
        return listener, name

    def remove(self, name: str) -> None:
        """Take a socket away."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self._directory)

    def close(self) -> None:
        """Close the directory."""
        os.close(self._directory)

    def _is_alive(self, name: str) -> bool:
        """Whether a daemon listens there; the socket of a dead one is removed."""
        try:
            connection = self.connect(name, timeout=0)
        except OSError:
            return True
        if connection is None:
            return False
        connection.close()
        return True

    def _within(self, name: str) -> str:
        """A path by way of the open directory: an address has room for 107 bytes (unix(7)), and paths are longer."""
        return f"/proc/self/fd/{self._directory}/{name}"


_HINT = "set `XDG_RUNTIME_DIR` to a directory of your own"


def _candidates(pid: int) -> list[str]:
    return [f"{pid}{_SUFFIX}", *(f"{pid}-{number}{_SUFFIX}" for number in range(2, 1000))]


def _make(path: str) -> None:
    try:
        os.mkdir(path, _PRIVATE)  # noqa: PTH102 - as above
    except FileExistsError:
        return
    except OSError as error:
        raise PlaceError(f"`{path}` cannot be made: {_words(error)}", _HINT) from error


def _hold_private(directory: int, path: str) -> None:
    status = os.fstat(directory)
    if status.st_uid != os.getuid():
        raise PlaceError(f"`{path}` belongs to another user", _HINT)
    if stat.S_IMODE(status.st_mode) & _OTHERS:
        try:
            os.fchmod(directory, _PRIVATE)
        except OSError as error:
            raise PlaceError(f"`{path}` cannot be closed to other users: {_words(error)}", _HINT) from error


def _words(error: OSError) -> str:
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return "it is no directory"
    return reason_of(error)
