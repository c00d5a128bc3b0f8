"""One machine with a real systemd, shared by all tests that need one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.box import REQUIRED, Box, why_unavailable
from tests.support.service import Service, make_environment, make_wheel, shared_with_box

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """reloadd, installed for the user of a box."""
    reason = why_unavailable()
    if reason is not None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, but {reason}")
        pytest.skip(reason)
    directory = tmp_path_factory.mktemp("service")
    directory.chmod(0o755)
    python = make_environment(directory, make_wheel(directory, "1.0.0"))
    with Box(shared_with_box(directory)) as box:
        yield Service(box, python)


@pytest.fixture
def service(installed: Service) -> Iterator[Service]:
    """The same, with nothing of an earlier test."""
    installed.clear()
    yield installed
    installed.clear()
