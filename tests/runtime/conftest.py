"""What the tests of serving share: an interpreter with servers, and a listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.environments import environment
from tests.support.interpreters import newest_interpreter
from tests.support.served import listening, server_environments

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server_pythons() -> dict[str, Path]:
    """Interpreters with all servers installed, `old` and `new`."""
    return server_environments()


@pytest.fixture(scope="session")
def pythons(server_pythons: dict[str, Path]) -> dict[str, Path]:
    """Interpreters with servers: the oldest, the newest, and uvicorn with all that is written in C."""
    fast = environment(newest_interpreter(), "uvicorn", "httptools", "uvloop", "websockets")
    return {**server_pythons, "fast": fast}


@pytest.fixture
def http(tmp_path: Path) -> Iterator[socket.socket]:
    """The `http` listener, on IPv4."""
    with listening("ipv4", tmp_path) as listener:
        yield listener
