"""How many connections wait at a listening socket: the way to see, from outside, whether a child accepts.

The daemon's sockets always accept connections into their backlog, so that connecting to them proves nothing. A
connection that has left the backlog does. Linux only: elsewhere the length is not known.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from contextlib import suppress

_TCP_UNACKED_OFFSET = 24
"""Of `tcpi_unacked` in struct tcp_info; for a listening socket it holds the backlog's length (tcp(7), linux/tcp.h)."""

_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NETLINK_SOCK_DIAG = 4
_UDIAG_SHOW_RQLEN = 0x10
_UNIX_DIAG_RQLEN = 4
_TCP_LISTEN = 10
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBHIIIII")
_REPLY_SIZE = 16
_ATTRIBUTE = struct.Struct("=HH")


def backlog_length(listening: socket.socket) -> int | None:
    """Connections that nobody has accepted yet; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    with suppress(OSError, struct.error):
        if listening.family == socket.AF_UNIX:
            return _unix_backlog(os.fstat(listening.fileno()).st_ino)
        info = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_UNACKED_OFFSET + 4)
        return int(struct.unpack_from("=I", info, _TCP_UNACKED_OFFSET)[0])
    return None


def _unix_backlog(inode: int) -> int | None:
    """Ask the kernel's socket diagnosis for one socket by its inode (sock_diag(7), UNIX_DIAG_RQLEN)."""
    request = _REQUEST.pack(socket.AF_UNIX, 0, 0, 1 << _TCP_LISTEN, inode, _UDIAG_SHOW_RQLEN, 0xFFFFFFFF, 0xFFFFFFFF)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(1.0)
        header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0)
        netlink.send(header + request)
        reply = netlink.recv(1 << 16)
    length, kind, *_ = _HEADER.unpack_from(reply)
    if kind != _SOCK_DIAG_BY_FAMILY:
        return None
    offset = _HEADER.size + _REPLY_SIZE
    while offset + _ATTRIBUTE.size <= length:
        size, name = _ATTRIBUTE.unpack_from(reply, offset)
        if name == _UNIX_DIAG_RQLEN:
            return int(struct.unpack_from("=I", reply, offset + _ATTRIBUTE.size)[0])
        offset += (size + 3) & ~3
    return None
