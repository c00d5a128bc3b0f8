"""What the tests of the supervising edge share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.launching import profile_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.launching import MakeProfile


@pytest.fixture
def make_profile(tmp_path: Path) -> MakeProfile:
    """Makes profiles in the test's directory."""
    return partial(profile_in, tmp_path)
