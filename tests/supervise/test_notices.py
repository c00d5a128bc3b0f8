"""Readiness told by sd_notify."""

from __future__ import annotations

import asyncio
import socket

import pytest

from reloadd.supervise.notices import Notices


def send(notices: Notices, *messages: bytes) -> None:
    """Send datagrams as sd_notify(3) does."""
    name = notices.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, f"\0{name[1:]}" if name.startswith("@") else name)


@pytest.mark.parametrize("message", [b"READY=1", b"STATUS=up\nREADY=1\n", b"MAINPID=7\nREADY=1"])
def test_ready_is_heard(message: bytes) -> None:
    """A message may have several lines, and others may come before."""

    async def hear() -> None:
        notices = Notices()
        try:
            waiting = asyncio.create_task(notices.wait_ready())
            send(notices, b"STATUS=importing", b"READY=0", message)
            async with asyncio.timeout(5):
                await waiting
        finally:
            notices.close()

    asyncio.run(hear())


def test_other_words_are_not_taken_for_it() -> None:
    """Neither a status that quotes it nor silence is readiness."""

    async def hear() -> None:
        notices = Notices()
        try:
            waiting = asyncio.create_task(notices.wait_ready())
            send(notices, b"STATUS=READY=1 soon", b"READY=10", b"")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await waiting
        finally:
            notices.close()

    asyncio.run(hear())
