"""What of a ledger is to be watched beside the roots."""

from __future__ import annotations

import pytest

from reloadd.core.outside import Seen, glob_of
from reloadd.core.patterns import compile_includes

SIGNATURE = [1, 2, 3]


def seen(*lines: dict[str, object]) -> Seen:
    """A ledger of these lines."""
    found = Seen()
    found.add(lines)
    return found


def found(file: str, *, user: bool = True) -> dict[str, object]:
    """A module that was imported."""
    return {"word": "found", "name": "m", "file": file, "signature": SIGNATURE, "user": user}


def opened(file: str) -> dict[str, object]:
    """A file that was opened for reading."""
    return {"word": "opened", "file": file, "signature": SIGNATURE}


def outside(*lines: dict[str, object]) -> set[str]:
    """What is to be watched besides `/src`, where Python and YAML files matter."""
    return set(seen(*lines).outside(["/src"], compile_includes(["*.py", "*.yaml"])))


def test_what_was_imported_is_watched_where_it_lies_outside() -> None:
    """But not what is installed, nor what belongs to the machine"""
    assert outside(
        found("/src/a.py"),
        found("/srcs/a.py"),
        found("/lib/shared/core.py"),
        found("/venv/lib/site-packages/flask.py", user=False),
        found("/usr/lib/python3/ours.py"),
    ) == {"/srcs/a.py", "/lib/shared/core.py"}


def test_what_was_opened_is_watched_if_its_name_matters() -> None:
    """As it would inside the roots, and unless the app writes it"""
    assert outside(
        opened("/lib/shared/settings.yaml"),
        opened("/lib/shared/data.bin"),
        opened("/lib/shared/state.yaml"),
        {"word": "effect", "event": "open", "detail": "/lib/shared/state.yaml", "by": "/src/a.py:1"},
        {"word": "effect", "event": "socket.connect", "detail": "/lib/shared/settings.yaml", "by": None},
    ) == {"/lib/shared/settings.yaml"}


def effect(event: str, detail: str) -> dict[str, object]:
    """What was done."""
    return {"word": "effect", "event": event, "detail": detail, "by": None}


def test_what_was_opened_for_writing_or_put_in_place_was_written() -> None:
    """Only by the process itself: once it has started others, there may be more."""
    writes = [effect("open", "/src/a.py"), effect("os.rename", "/src/b.py"), effect("socket.connect", "/src/c.py")]

    assert seen(*writes).written == {"/src/a.py", "/src/b.py"}
    assert not seen(*writes).has_helpers
    assert seen(*writes, effect("subprocess.Popen", "'make', ['make']")).has_helpers


def test_the_first_signature_counts() -> None:
    """It is from before the file was first read"""
    later = found("/lib/a.py") | {"signature": [9, 9, 9]}
    assert seen(found("/lib/a.py"), later).imported == {"/lib/a.py": (1, 2, 3)}


@pytest.mark.parametrize(
    "line", [{}, {"word": "found"}, found("/a.py") | {"signature": None}, found("/a.py") | {"file": 3}, {"word": 4}]
)
def test_a_line_of_another_form_says_nothing(line: dict[str, object]) -> None:
    """Whatever it is"""
    assert seen(line) == Seen()


@pytest.mark.parametrize("name", ["a.py", "[x].py", "a*?.py", "!a.py", "[.py"])
def test_a_name_is_matched_to_the_letter(name: str) -> None:
    """In the root itself, and nowhere below it"""
    includes = compile_includes([glob_of(name)])
    assert includes.matches(name)
    assert not includes.matches(f"sub/{name}")
    assert not includes.matches(f"x{name}")
    assert not includes.may_contain("sub")
