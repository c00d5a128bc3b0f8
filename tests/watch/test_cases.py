"""The page of this directory, held to the tests that it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = re.findall(r"(?m)^\| (\d+) \| (.+) \| (.+) \|$", (HERE / "README.md").read_text("utf-8"))


@pytest.mark.parametrize(("number", "shown_by"), [(number, shown_by) for number, _, shown_by in ROWS])
def test_each_case_is_shown_by_tests_that_are_there(number: str, shown_by: str) -> None:
    """By their files and names"""
    named = re.findall(r"`(\S+\.py)::(test_\w+)`", shown_by)
    assert len(named) == len(shown_by.split(", ")), f"case {number} names something else"
    for file, test in named:
        path = next(each for each in (HERE / file, HERE.parent / file) if each.exists())
        tests = {each.name for each in ast.parse(path.read_text("utf-8")).body if isinstance(each, ast.FunctionDef)}
        assert test in tests, f"case {number}: there is no {file}::{test}"


def test_every_case_has_a_row() -> None:
    """Numbered in order, none twice"""
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 46))
