"""How many requests are in the bytes that an HTTP/1 connection has brought, and whether another has begun.

Counts and frames (RFC 9112, sections 6 and 7), and judges nothing: the server reads the same bytes and decides what
they mean. Where that could become anything but one request after the other, the count is given up.
"""

from __future__ import annotations

import enum

_LONGEST_HEAD = 1 << 16
"""Bytes; servers refuse less."""

_OTHER_PROTOCOLS = (b"PRI ", b"CONNECT ")
"""How a first line begins after which there is no HTTP/1: HTTP/2's preface (RFC 9113, section 3.4), and a tunnel."""


class _At(enum.Enum):
    HEAD = "head"
    BODY = "body"
    CHUNK_SIZE = "chunk size"
    CHUNK = "chunk"
    TRAILERS = "trailers"


class _NotCountedError(Exception):
    """What comes now, or may come from now on, is not HTTP/1, or not for us to tell."""


class Received:
    """What has come on one connection.

    Attributes:
        whole: how many requests have come to their end.
        is_counted: whether the connection brings HTTP/1 requests and nothing else; once False, `whole` tells nothing.
    """

    def __init__(self) -> None:
        self.whole = 0
        self.is_counted = True
        self._at = _At.HEAD
        self._left = 0
        self._pending = bytearray()

    @property
    def is_between(self) -> bool:
        """Whether no byte has come of a request that is not whole."""
        return self._at is _At.HEAD and not self._pending

    def feed(self, data: bytes) -> None:
        """More has come."""
        if not self.is_counted:
            return
        self._pending += data
        try:
            while self._pending and self._step():
                pass
        except _NotCountedError:
            self.is_counted = False
            self._pending.clear()

    def _step(self) -> bool:
        """Take the next part off what is pending; whether it was there as a whole."""
        if self._at is _At.HEAD:
            return self._take_head()
        if self._at is _At.BODY or self._at is _At.CHUNK:
            return self._take_content()
        line, newline, rest = self._pending.partition(b"\n")
        if not newline:
            return False
        self._pending = rest
        if self._at is _At.CHUNK_SIZE:
            self._begin_chunk(bytes(line))
        elif not line.strip():
            self._end()
        return True

    def _take_head(self) -> bool:
        # Empty lines before a request are to be ignored (RFC 9112, section 2.2).
        pending = self._pending.lstrip(b"\r\n")
        ends = [(at, at + len(end)) for end in (b"\r\n\r\n", b"\n\n") for at in (pending.find(end),) if at >= 0]
        if not ends:
            self._pending = pending
            if len(pending) > _LONGEST_HEAD:
                raise _NotCountedError
            return False
        end, begin = min(ends)
        self._pending = pending[begin:]
        self._begin_body(bytes(pending[:end]))
        return True

    def _begin_body(self, head: bytes) -> None:
        if head.startswith(_OTHER_PROTOCOLS):
            raise _NotCountedError
        fields = [line.partition(b":") for line in head.lower().split(b"\n")[1:]]
        named = {name.strip(): value.strip() for name, _, value in fields}
        if b"upgrade" in named:
            raise _NotCountedError
        if b"transfer-encoding" in named:
            if named[b"transfer-encoding"] != b"chunked":
                raise _NotCountedError
            self._at = _At.CHUNK_SIZE
            return
        self._left = _number(named.get(b"content-length", b"0"), 10)
        self._at = _At.BODY
        if not self._left:
            self._end()

    def _begin_chunk(self, line: bytes) -> None:
        size = _number(line.partition(b";")[0].strip(), 16)
        # The chunk's own end of line belongs to it.
        self._left = size + 2
        self._at = _At.CHUNK if size else _At.TRAILERS

    def _take_content(self) -> bool:
        taken = min(self._left, len(self._pending))
        del self._pending[:taken]
        self._left -= taken
        if self._left:
            return False
        if self._at is _At.CHUNK:
            self._at = _At.CHUNK_SIZE
        else:
            self._end()
        return True

    def _end(self) -> None:
        self.whole += 1
        self._at = _At.HEAD


def _number(digits: bytes, base: int) -> int:
    try:
        number = int(digits, base)
    except ValueError:
        raise _NotCountedError from None
    if number < 0:
        raise _NotCountedError
    return number
