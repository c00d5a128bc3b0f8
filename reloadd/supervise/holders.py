"""Who holds an address that cannot be had: the process that listens there, as far as the system tells.

Linux only, and only of this user's processes: the descriptors of others are not ours to read (proc(5)). Never signals
anyone.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from reloadd.profile.model import Address, TcpAddress, UnixAddress

_LISTEN_STATE = "0A"
"""TCP_LISTEN in /proc/net/tcp (proc_pid_net(5))."""

_LONGEST_COMMAND = 80
"""Characters of a command line that are shown."""


def find_holder(address: Address) -> tuple[int, str] | None:
    """The process that listens on an address, with its command line; None where that cannot be known.

    This process comes before its children, which have inherited what it listens on.
    """
    wanted = {f"socket:[{inode}]" for inode in _inodes(address)}
    if not wanted:
        return None
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda entry: int(entry.name) != os.getpid()):
        with suppress(OSError):
            if any(_link(entry) in wanted for entry in (process / "fd").iterdir()):
                return int(process.name), _shown((process / "cmdline").read_bytes())
    return None


def is_held(address: Address) -> bool:
    """Whether some process listens there, be it known which or not."""
    return bool(_inodes(address))


def _inodes(address: Address) -> set[str]:
    return _unix_inodes(address) if isinstance(address, UnixAddress) else _tcp_inodes(address)


def _shown(command_line: bytes) -> str:
    """A command line (proc_pid_cmdline(5)) as one line that is not too long for a message."""
    words = command_line.replace(b"\0", b" ").decode(errors="replace").split()
    text = " ".join(words)
    return text if len(text) <= _LONGEST_COMMAND else f"{text[:_LONGEST_COMMAND]}…"


def _link(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""


def _tcp_inodes(address: TcpAddress) -> set[str]:
    """The sockets that listen on the address's port and, of its hosts, on one that is wanted or on all."""
    hosts = _hosts(address)
    takes_all = any(map(_is_any, hosts))
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text("ascii").splitlines()[1:]:
                columns = line.split()
                host, _, port = columns[1].rpartition(":")
                if columns[3] != _LISTEN_STATE or int(port, 16) != address.port:
                    continue
                if takes_all or host in hosts or _is_any(host):
                    inodes.add(columns[9])
    return inodes


def _hosts(address: TcpAddress) -> set[str]:
    """The host's addresses as /proc/net/tcp shows them: words of this machine's byte order, in hexadecimal."""
    hosts = set()
    with suppress(OSError):
        for family, *_, found in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM):
            packed = socket.inet_pton(family, str(found[0]).partition("%")[0])
            hosts.add("".join(f"{word:08X}" for (word,) in struct.iter_unpack("=I", packed)))
    return hosts


def _is_any(host: str) -> bool:
    """Whether it is 0.0.0.0 or ::, which take a port on every address."""
    return not host.strip("0")


def _unix_inodes(address: UnixAddress) -> set[str]:
    inodes = set()
    with suppress(OSError):
        for line in Path("/proc/net/unix").read_text("utf-8", "replace").splitlines()[1:]:
            columns = line.split(maxsplit=7)
            if columns[-1] == str(address.path):
                inodes.add(columns[6])
    return inodes
