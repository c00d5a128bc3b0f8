"""What has come on a connection is counted as the requests that it is, however it is cut into pieces."""

from __future__ import annotations

import pytest

from reloadd.runtime.servers.http1 import Received

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\n\n\r\n0\r\nTrailer: t\r\n\r\n"
BARE = b"GET / HTTP/1.1\nHost: a\n\n"
SPACED = b"\r\n\r\nGET / HTTP/1.0\r\n\r\n"
REQUESTS = {"get": GET, "post": POST, "chunked": CHUNKED, "bare newlines": BARE, "empty lines before": SPACED}


def _received(*pieces: bytes) -> Received:
    received = Received()
    for piece in pieces:
        received.feed(piece)
    return received


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
def test_request_is_whole_with_its_last_byte(request_: bytes) -> None:
    """Cut anywhere, it is one request at its end and none before; nothing of another has begun."""
    for cut in range(1, len(request_)):
        received = _received(request_[:cut])
        assert (received.whole, received.is_counted) == (0, True)
        assert received.is_between == (not request_[:cut].strip())
        received.feed(request_[cut:])
        assert (received.whole, received.is_between) == (1, True)


def test_requests_that_come_together_are_counted_each() -> None:
    """In one piece, byte by byte, and with the beginning of another."""
    everything = b"".join(REQUESTS.values())
    bytewise = _received(*(bytes([byte]) for byte in everything))
    at_once = _received(everything + b"G")

    assert (bytewise.whole, bytewise.is_between) == (5, True)
    assert (at_once.whole, at_once.is_between) == (5, False)


@pytest.mark.parametrize(
    "data",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"GET / " + b"a" * (1 << 17),
    ],
)
def test_what_cannot_be_counted_is_given_up(data: bytes) -> None:
    """Such a connection is never taken for idle, whatever follows."""
    received = _received(data, GET)

    assert not received.is_counted
