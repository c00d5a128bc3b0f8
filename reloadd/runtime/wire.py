"""What the daemon and a child say to each other: one JSON object a line, over a pair of connected stream sockets.

The daemon says `go` once; the child says `imported` and `ready`. Neither ever waits for the other's words but the child
for `go`, before any of the app's code has run. The daemon imports this module too, so both ends are the same text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Iterator, Tuple

if TYPE_CHECKING:
    import socket

Frame = Dict[str, Any]
"""A decoded line. Its `word` says what it is: `go`, `imported` or `ready`."""

LONGEST_LINE = 1 << 20
"""Bytes. A line over this is not ours, and the connection is given up."""


def encode(word: str, **fields: Any) -> bytes:
    """One frame as a line of ASCII, ready to be sent whole."""
    return json.dumps({"word": word, **fields}).encode("ascii") + b"\n"


def split_frames(received: bytes) -> Tuple[Iterator[Frame], bytes]:
    """The whole frames in `received`, and the rest that is not whole yet.

    Raises:
        ValueError: the rest is longer than any frame may be (on iteration: a line is not a JSON object).
    """
    whole, newline, rest = received.rpartition(b"\n")
    if len(rest) > LONGEST_LINE:
        raise ValueError("a frame of more than %d bytes" % LONGEST_LINE)
    lines = whole.split(b"\n") if newline else []
    return (_decode(line) for line in lines), rest


def _decode(line: bytes) -> Frame:
    frame = json.loads(line)
    if not isinstance(frame, dict) or not isinstance(frame.get("word"), str):
        raise ValueError("a frame is a JSON object with a `word`")
    return frame


def receive_frame(connection: socket.socket) -> Frame:
    """Wait for the next frame, taking not one byte more than it.

    Raises:
        EOFError: the other end is gone.
    """
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte or len(line) > LONGEST_LINE:
            raise EOFError("the daemon is gone")
        line += byte
    return _decode(bytes(line))
