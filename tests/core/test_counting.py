"""Counting by parts, held to asking each path."""

from __future__ import annotations

import pytest

from reloadd.core.counting import count_matching, ending_of
from reloadd.core.patterns import compile_includes

PATHS = [
    f"{directory}{name}"
    for directory in ("", "src/", "src/a.b/", "src/py/")
    for name in ("main.py", "main.pyi", "page.html", "Makefile", ".env", ".py", "py", "a.tar.gz", "odd.", "main.p[y]")
]

SETS = [
    ("*.py",),
    ("*.py", "*.html"),
    ("*.py", "*.pyi", "main.*"),
    ("src/**/*.py", "*.py"),
    ("**",),
    ("src/",),
    ("Makefile", ".env"),
    ("*",),
    ("*.[hp]*",),
    ("*[.]py",),
    ("*.p[[]y]",),
    ("src/a.b/*",),
    ("*.tar.gz",),
    ("odd.",),
    ("*.",),
    (),
]


def test_each_set_is_counted_as_if_alone() -> None:
    """Whatever stands beside it"""
    expected = [sum(map(compile_includes(globs).matches, PATHS)) for globs in SETS]
    assert count_matching(PATHS, SETS) == expected
    assert expected[0] == 8
    assert 0 not in expected[:-1]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("*.py", "py"),
        ("src/**/*.html", "html"),
        ("Makefile", ""),
        (".env", "env"),
        ("a.tar.gz", "gz"),
        ("*", None),
        ("**", None),
        ("src/", None),
        ("*.p?", None),
        ("*[.]py", None),
        ("main*", None),
    ],
)
def test_a_glob_has_an_ending_if_all_its_names_have_it(glob: str, expected: str | None) -> None:
    """Else it is asked everywhere"""
    assert ending_of(glob) == expected
