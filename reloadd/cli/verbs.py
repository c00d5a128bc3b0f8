"""The verbs: a row for each, with the module that has its options and does it. To run profiles needs no verb.

A verb's module is imported when it is asked for. It has a function that takes the words after the verb and returns the
exit status, and raises `UsageError` where they cannot be understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: what it does in a few words, and which function of which module below `reloadd.cli` does it."""

    name: str
    summary: str
    module: str
    function: str = "main"


_ROWS = (
    Verb("check", "read profiles and report every problem in them", "check"),
    Verb("service", "have systemd run reloadd for the whole login", "service"),
)

VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _ROWS}
"""The verbs by their names, in the order of `reloadd --help`."""
