"""The catalogue of records, and that nothing else is ever said."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import reloadd
from reloadd.core.records import CATALOGUE, Level, make_record, record

PACKAGE = Path(reloadd.__file__).parent
SAYING = {"record", "make_record", "_say", "_publish", "_report"}


def said_names() -> set[str]:
    """Every record name that stands in the package's source as the first argument of a call that says one."""
    names: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                names |= {
                    part.value
                    for part in ast.walk(node.args[0])
                    if called in SAYING and isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
                names |= {
                    keyword.value.value
                    for keyword in node.keywords
                    if called in SAYING
                    and keyword.arg == "name"
                    and isinstance(keyword.value, ast.Constant)
                    and isinstance(keyword.value.value, str)
                }
    return names


def test_every_name_said_is_in_the_catalogue_and_the_other_way_round() -> None:
    """There is no record that nobody documents, and none that nobody says."""
    text = "\n".join(file.read_text("utf-8") for file in PACKAGE.rglob("*.py") if file.name != "records.py")
    quoted = set(re.findall(r'"([a-z]+\.[a-z]+)"', text)) & CATALOGUE.keys()

    assert {name for name in said_names() if re.fullmatch(r"[a-z]+\.[a-z]+", name)} <= CATALOGUE.keys()
    assert set(CATALOGUE) == quoted


def test_names_are_a_noun_and_what_became_of_it() -> None:
    """Names are constant: what varies is a field."""
    for name, kind in CATALOGUE.items():
        assert re.fullmatch(r"[a-z]+\.[a-z]+", name)
        assert kind.meaning
        assert all(re.fullmatch(r"[a-z_]+", field) for field in kind.fields)


def test_record_has_its_level_and_the_order_of_its_fields() -> None:
    """Both come from the catalogue, however the record is said."""
    said = record("child.killed", profile="shop", after_s=5.0, signal="SIGKILL", pid=7)

    assert Level.WARNING is said.level
    assert CATALOGUE["child.killed"].fields == tuple(said.fields)


@pytest.mark.parametrize(
    ("name", "fields", "complaint"),
    [
        ("child.vanished", {}, "no record `child.vanished`"),
        ("child.killed", {"pid": 1}, "has the fields"),
        ("socket.bound", {"socket": "http", "address": "x", "port": 1}, "has the fields"),
    ],
)
def test_what_is_not_in_the_catalogue_cannot_be_said(name: str, fields: dict[str, int | str], complaint: str) -> None:
    """A wrong record is a bug that no test run survives."""
    with pytest.raises(ValueError, match=complaint):
        make_record(name, fields)
