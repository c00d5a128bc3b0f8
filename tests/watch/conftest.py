"""A stage for each test, and each backend in turn for those that ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Backend
from tests.support.watching import Stage, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.watching import Observed


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A watcher that runs while the test does."""
    with Stage() as running:
        yield running


@pytest.fixture(params=[Backend.EVENTS, Backend.POLL], ids=["events", "poll"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn."""
    return Backend(request.param)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty directory to watch, with room beside it for what is not watched."""
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def begin(stage: Stage, backend: Backend) -> Callable[[Path], Observed]:
    """Begin to watch a root with each backend."""

    def begin(root: Path) -> Observed:
        return stage.begin(watch_set(root, backend=backend))

    return begin
