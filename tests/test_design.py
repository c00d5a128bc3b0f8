"""reloadd/README.md, held to the source: its table of imports and its table of states."""

from __future__ import annotations

import re
from pathlib import Path

from reloadd.core.inputs import Changed, Due, Exited, Input, Noticed, Paused, Quiet, Ready, Restart, Start, Stop
from reloadd.core.machine import TABLE
from reloadd.core.state import State
from tests.test_layers import ALLOWED

DESIGN = (Path(__file__).parents[1] / "reloadd" / "README.md").read_text("utf-8")
NOTHING = "\N{EN DASH}"
INPUTS: tuple[type[Input], ...] = (Start, Stop, Restart, Noticed, Quiet, Changed, Ready, Paused, Exited, Due)


def table(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without the line below its head."""
    (text,) = re.findall(rf"(?ms)^## {re.escape(heading)}$(.*?)(?=^## |\Z)", DESIGN)
    head, _, *rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in (head, *rows)]


def test_the_table_of_imports_is_the_one_that_is_held() -> None:
    """What the page says of who may import whom is what `test_layers` refuses to let go."""
    shown = {part.strip("`"): names for part, names in table("Who may import whom")[1:]}

    assert shown == {part: said(names) for part, names in ALLOWED.items()}


def said(names: set[str]) -> str:
    """A set of module names as the page says it."""
    return ", ".join(f"`{name}`" if name else "the version" for name in sorted(names)) or "nothing"


def test_the_table_of_states_has_the_machines_cells() -> None:
    """Each state and each input stand there, with a dash exactly where the machine does nothing."""
    head, *rows = table("The states of an app")

    assert head == ["state", *(each.__name__ for each in INPUTS)]
    assert [row[0] for row in rows] == [state.name for state in State]
    for row in rows:
        for word, cell in zip(INPUTS, row[1:], strict=True):
            assert (cell != NOTHING) == ((State[row[0]], word) in TABLE), f"{row[0]} x {word.__name__}"


def test_the_table_of_states_names_what_exists() -> None:
    """A word in capitals is a state."""
    for row in table("The states of an app"):
        for name in re.findall(r"\b[A-Z]{2,}\b", " ".join(row)):
            assert name in State.__members__
