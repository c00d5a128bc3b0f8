"""The verbs: a row for each, with the module that has its options and does it. To run profiles needs no verb.

A verb's module is imported when it is asked for. It has a function that takes the words after the verb and returns the
exit status, and raises `UsageError` where they cannot be understood; and `make`, which makes the parser of those words,
and takes the verb where the module has several.
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
    Verb("status", "how each app is: its state, generation, processes and last exit", "status"),
    Verb("restart", "restart apps", "tell", "restart"),
    Verb("stop", "stop apps until they are started again", "tell", "stop"),
    Verb("start", "start apps that were stopped or are held", "tell", "start"),
    Verb("reload", "read the profiles again and do what has changed", "reload"),
    Verb("logs", "what the apps printed and what reloadd said, also long after", "logs"),
    Verb("history", "each restart: why it was, and what it cost", "history"),
    Verb("stats", "how long saves took to be served", "stats"),
    Verb("check", "read profiles and report every problem in them", "check"),
    Verb("explain", "whether paths are watched, and which rule decides", "explain"),
    Verb("doctor", "what this machine lacks for reloadd, each with a fix", "doctor"),
    Verb("init", "look at a project and write a first profile for it", "init"),
    Verb("completion", "print what lets a shell complete these commands", "completion"),
    Verb("schema", "print the JSON Schema of a profile, for editors", "schema"),
    Verb("service", "have systemd run reloadd for the whole login", "service"),
)

VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _ROWS}
"""The verbs by their names, in the order of `reloadd --help`."""
