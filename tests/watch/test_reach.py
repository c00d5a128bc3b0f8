"""Whether a watch set reaches a path, as those ask who wait for it to notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reloadd.watch.reach import Reach
from tests.support.watching import watch_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "may", "does"),
    [
        ("src/a.py", True, True),
        ("src/a.txt", False, False),
        ("srcs/a.py", False, False),
        ("src/generated/a.py", True, False),
        ("src/ignored.py", True, False),
    ],
)
def test_names_tell_at_once_and_rules_for_certain(tmp_path: Path, path: str, may: bool, does: bool) -> None:  # noqa: FBT001 (columns of the table)
    """What rules leave out is known from then on."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/.gitignore").write_text("/ignored.py\n")
    reach = Reach(watch_set(tmp_path / "src", include=("*.py",), exclude=("generated/",)))
    paths = [str(tmp_path / path)]

    assert reach.may_include(paths) is may
    assert reach.includes(paths) is does
    assert reach.may_include(paths) is does
