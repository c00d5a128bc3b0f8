"""The text of a first profile: what was guessed, and the keys that are most often wanted next, as comments. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reloadd.profile import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.profile.key import Key
    from reloadd.starter.guess import Guess

_COLUMN = 40
"""Where the comments stand."""


def profile_text(guess: Guess, *, name: str, address: str, schema_path: str) -> str:
    """A whole profile.

    Args:
        guess: what to run.
        name: of the profile.
        address: where an `app` is to be served.
        schema_path: the file with the JSON Schema, as seen from the profile.
    """
    return "\n".join(_lines(guess, name, address, schema_path)) + "\n"


def _lines(guess: Guess, name: str, address: str, schema_path: str) -> Iterator[str]:
    yield f"#:schema {schema_path}"
    yield f"# Found {guess.found}"
    yield _line("name", json.dumps(name), "what the log and the commands call it")
    yield ""
    yield "[target]"
    yield _line(guess.key, guess.value)
    if guess.directory is not None:
        yield _line("directory", json.dumps(guess.directory))
    if guess.env:
        variables = ", ".join(f"{key} = {json.dumps(value)}" for key, value in guess.env)
        yield _line("env", f"{{ {variables} }}")
    yield _proposed(schema.ARGS, "after the target")
    if guess.key != "command":
        yield _proposed(schema.PYTHON, "if not given: .venv, venv or env, else the daemon's own")
    if guess.key == "app":
        yield from ("", "[listen]", _line("http", json.dumps(address), "opened once, kept over all restarts"))
    yield from ("", "[watch]")
    yield from _include(guess.include)
    yield _proposed(schema.EXCLUDE, "in the syntax of .gitignore")
    if guess.address is not None:
        yield from ("", "[ready]", _line("listening", json.dumps(guess.address), "where it listens by itself"))
    yield from ("", "[restart]")
    yield _proposed(schema.ON_EXIT, "after an exit that nobody asked for: or never, or always")
    yield _proposed(schema.STOP_TIMEOUT, "seconds from SIGTERM to SIGKILL")


def _include(globs: tuple[str, ...]) -> Iterator[str]:
    if globs:
        yield _line("include", json.dumps(list(globs)))
    else:
        yield _proposed(schema.ROOTS, "if not given: the working directory")
        yield _proposed(schema.INCLUDE, "if not given: what the target's language is written in")


def _proposed(key: Key[object], comment: str) -> str:
    """A key that may be wanted, as a comment, with what is to be known of it."""
    return _line(f"# {key.path[-1]}", key.example, comment)


def _line(key: str, value: str, comment: str = "") -> str:
    text = f"{key} = {value}"
    return f"{text.ljust(_COLUMN)}# {comment}" if comment else text
