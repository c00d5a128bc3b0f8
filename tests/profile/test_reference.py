"""profiles/README.md, held to the schema: the same keys, values, defaults and sentences; its examples are right."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path

import pytest
import tomli

from reloadd.core.servers import TRAITS, Ability
from reloadd.profile import schema
from reloadd.profile.key import Key, Table
from reloadd.profile.schema import KEYS, TABLES
from reloadd.profile.watched import ALWAYS_EXCLUDED
from tests.support.profiles import ProfileDirectory

REFERENCE = (Path(__file__).parents[2] / "profiles" / "README.md").read_text(encoding="utf-8")
TOP = "Above all tables"


def section(title: str) -> str:
    """The text under a heading of the third level."""
    (_, text) = REFERENCE.split(f"\n### {title}\n", 1)
    return re.split(r"\n##+ ", text, maxsplit=1)[0]


def row(key: Key[object]) -> str:
    """A key as the reference shows it."""
    value = ", ".join(f"`{choice}`" for choice in key.kind.choices) or key.kind.words
    return f"| `{key.path[-1]}` | {value} | {default_of(key)} | {key.doc} |"


def default_of(key: Key[object]) -> str:
    """A key's default as the reference shows it: as TOML, or in words."""
    if key.default is None:
        return key.otherwise or "none"
    return f"`{json.dumps(key.default.value if isinstance(key.default, Enum) else key.default)}`"


@pytest.mark.parametrize("path", [(), *(table.path for table in TABLES)])
def test_a_table_of_the_reference_is_the_schemas(path: tuple[str, ...]) -> None:
    """The first table of each section has exactly the schema's rows, in its order."""
    text = section(f"`[{'.'.join(path)}]`" if path else TOP)
    rows = re.findall(r"(?m)^\| key \|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", text)[0].splitlines()

    assert rows == [row(key) for key in KEYS if key.path[:-1] == path]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: ".".join(table.path))
def test_a_section_begins_with_the_tables_sentence(table: Table) -> None:
    """What a table is about is said in the words of the schema."""
    assert section(f"`[{'.'.join(table.path)}]`").lstrip().startswith(table.doc + "\n")


def test_every_row_of_the_schema_is_collected() -> None:
    """`KEYS` has each key that the module names, once, and no two share a path."""
    named = [value for value in vars(schema).values() if isinstance(value, Key)]

    assert list(KEYS) == named
    assert len({key.path for key in KEYS}) == len(KEYS)
    assert {key.path[:-1] for key in KEYS} == {(), *(table.path for table in TABLES)}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.spelled)
def test_each_example_is_accepted(key: Key[object]) -> None:
    """What a message proposes is of the key's own kind."""
    key.kind.read(key.subject, tomli.loads(f"x = {key.example}")["x"])


@pytest.mark.parametrize("key", [key for key in KEYS if key.kind.choices], ids=lambda key: key.spelled)
def test_each_choice_is_accepted(key: Key[object]) -> None:
    """What the reference lists is what is read."""
    for choice in key.kind.choices:
        key.kind.read(key.subject, choice)


def test_the_table_of_servers_is_the_programs() -> None:
    """Who can do what is said as `core.servers` has it."""
    abilities = (Ability.THREADS, Ability.PROCESSES, Ability.TLS_FILES, Ability.TLS_ADHOC)
    for server, traits in TRAITS.items():
        marks = ["yes" if ability in traits.abilities else "no" for ability in abilities]
        assert f"\n| `{server.value}` | {traits.interface.name} | {' | '.join(marks)} |\n" in REFERENCE


def test_the_built_in_patterns_are_all_named() -> None:
    """The list of what is always left out is complete and in order."""
    (named,) = re.findall(r"takes one of them back:\n((?:.|\n)*?)\. The virtual", REFERENCE)

    assert re.findall(r"`([^`]+)`", named) == list(ALWAYS_EXCLUDED)


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", REFERENCE, re.DOTALL))
def test_each_example_profile_is_right(example: str, tmp_path: Path) -> None:
    """A profile that is copied from the reference is read without a problem."""
    directory = ProfileDirectory(tmp_path).write({"src/": "", "templates/": ""})
    directory.environment(".venv")

    directory.profile(example)
