"""Where paths lie in each other."""

from __future__ import annotations

import pytest

from reloadd.core.paths import is_within, outermost, relative


@pytest.mark.parametrize(
    ("path", "directory", "expected"),
    [
        ("/src", "/src", True),
        ("/src/a.py", "/src", True),
        ("/srcs/a.py", "/src", False),
        ("/src", "/src/a", False),
        ("/a.py", "/", True),
        ("/", "/", True),
    ],
)
def test_a_directory_holds_itself_and_what_is_below(path: str, directory: str, expected: bool) -> None:  # noqa: FBT001 (columns of the table)
    """A name that only begins alike is another one."""
    assert is_within(path, directory) is expected


def test_the_root_of_the_file_system_is_a_directory_too() -> None:
    """Its path ends in a slash, as no other does."""
    assert relative("/src/a.py", "/src") == "a.py"
    assert relative("/src/a.py", "/") == "src/a.py"


def test_what_lies_in_another_one_is_not_among_the_outermost() -> None:
    """In the order that they came in."""
    assert outermost(["/b", "/a/x.py", "/a", "/b", "/b-side", "/a/x"]) == ("/b", "/a", "/b-side")
    assert outermost(["/a", "/"]) == ("/",)
