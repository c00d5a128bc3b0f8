"""reloadd/control/README.md, held to the protocol: its codes, its requests and their fields, its numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reloadd.control.connection import FOLLOWER_ROOM, REQUEST_TIMEOUT
from reloadd.control.protocol import LONGEST_REQUEST, VERSION, Code, encode, parse_request
from reloadd.history.keeper import LOG_ROOM, MOST_DIRECTORIES, RESTARTS_ROOM

PAGE = (Path(__file__).parents[2] / "reloadd" / "control" / "README.md").read_text("utf-8")
VALUES = {
    "profiles": ["web"],
    "wait": 1,
    "usage": False,
    "records": False,
    "output": False,
    "directory": "/home/ada",
    "colour": True,
}


def section(title: str) -> str:
    """What stands under a heading."""
    (text,) = re.findall(rf"(?ms)^## {re.escape(title)}$(.*?)(?=^## |\Z)", PAGE)
    return str(text)


def first_cells(text: str) -> list[str]:
    """The words in backticks at the beginning of a table's rows."""
    return [name for row in re.findall(r"(?m)^\| (`.*?) \|", text) for name in re.findall(r"`([^`]+)`", row)]


def test_each_code_stands_there() -> None:
    """With what it means, and what becomes of the connection."""
    assert sorted(first_cells(section("Messages"))) == sorted(code.value for code in Code)


@pytest.mark.parametrize("title", ["`status`", "`start`, `stop`, `restart`", "`reload`", "`follow`"])
def test_each_field_of_a_request_is_understood(title: str) -> None:
    """The first table under its heading has no field too many, and the daemon refuses what is not there."""
    table = section(title).partition("The answer")[0]
    fields = {name: VALUES[name] for name in first_cells(table)}
    for request in re.findall(r"`(\w+)`", title):
        parse_request(encode({"request": request, **fields}))

    assert fields


def test_the_numbers_are_those_of_the_source() -> None:
    """Bounds and deadlines."""
    for number in (
        f"Version {VERSION}.",
        f"more than {LONGEST_REQUEST} bytes",
        f"within {REQUEST_TIMEOUT:g} s",
        f"left {FOLLOWER_ROOM >> 20} MiB unread",
        f"({LOG_ROOM >> 20} MiB; {RESTARTS_ROOM >> 10} KiB for",
        f"beyond {MOST_DIRECTORIES} profiles",
    ):
        assert number in PAGE


def test_every_example_is_a_message() -> None:
    """One object on a line, or one drawn out."""
    examples = re.findall(r"(?ms)^```json\n(.*?)^```$", PAGE)
    messages = [json.loads(line) for each in examples for line in (each.splitlines() if each[1] == '"' else [each])]

    assert all(message["version"] == VERSION for message in messages)
    parse_request(encode(messages[0]))
