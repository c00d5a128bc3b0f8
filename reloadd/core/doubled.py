"""Targets that bring a reloader of their own: which one, how that shows, and what to change.

Never imports or runs the target: it reads the command line, and the text of a script that it is given.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class OwnReloader:
    """A reloader inside the target.

    Attributes:
        reloader: whose it is.
        found: the words by which it was seen.
        hint: what to change so that only reloadd reloads.
        exits_by_itself: whether a change makes the child end with code 3 (Werkzeug under `WERKZEUG_RUN_MAIN`), which
            restarts it; other reloaders start processes of their own.
    """

    reloader: str
    found: str
    hint: str
    exits_by_itself: bool = False


def find_own_reloader(argv: Sequence[str], script: str | None = None) -> OwnReloader | None:
    """The reloader that a command line, or the text of the script that it runs, asks for.

    Args:
        argv: the program or module and its arguments, such as `["flask", "run", "--debug"]`.
        script: the text of the Python script, where the target is one.
    """
    words = [*argv]
    if words and PurePath(words[0]).name.startswith("python"):
        words = words[2:] if words[1:2] == ["-m"] else words[1:]
    if not words:
        return None
    program = PurePath(words[0]).name
    for names, look in _BY_PROGRAM:
        if program in names and (found := look(words[1:])) is not None:
            return found
    return _in_script(script) if script is not None else None


def _flask(arguments: Sequence[str]) -> OwnReloader | None:
    if "run" not in arguments or "--no-reload" in arguments:
        return None
    found = next((word for word in arguments if word in {"--debug", "--reload"}), None)
    if found is None:
        return None
    return OwnReloader("flask", f"flask run {found}", "add `--no-reload` to its arguments", exits_by_itself=True)


def _with_reload_option(program: str) -> Callable[[Sequence[str]], OwnReloader | None]:
    def look(arguments: Sequence[str]) -> OwnReloader | None:
        if "--reload" not in arguments:
            return None
        return OwnReloader(program, f"{program} --reload", "drop `--reload` from its arguments")

    return look


def _django(arguments: Sequence[str]) -> OwnReloader | None:
    if "runserver" not in arguments or "--noreload" in arguments:
        return None
    return OwnReloader("django", "runserver", "add `--noreload` to its arguments")


def _fastapi(arguments: Sequence[str]) -> OwnReloader | None:
    if arguments[:1] != ["dev"] or "--no-reload" in arguments:
        return None
    return OwnReloader("fastapi", "fastapi dev", "add `--no-reload` to its arguments, or use `fastapi run`")


_BY_PROGRAM: tuple[tuple[frozenset[str], Callable[[Sequence[str]], OwnReloader | None]], ...] = (
    (frozenset({"flask"}), _flask),
    (frozenset({"manage.py", "django-admin", "django"}), _django),
    (frozenset({"fastapi"}), _fastapi),
    *(
        (frozenset({program}), _with_reload_option(program))
        for program in ("uvicorn", "hypercorn", "gunicorn", "granian", "quart", "sanic", "litestar")
    ),
    (frozenset({"nodemon"}), lambda _: OwnReloader("nodemon", "nodemon", "start the program with `node` instead")),
    (
        frozenset({"node"}),
        lambda arguments: (
            OwnReloader("node", "node --watch", "drop `--watch` from its arguments") if "--watch" in arguments else None
        ),
    ),
)


def _in_script(text: str) -> OwnReloader | None:
    """A call of `run_simple` or of some `.run` in a script, with a constant that turns Werkzeug's reloader on."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        options = {
            keyword.arg: keyword.value.value for keyword in node.keywords if isinstance(keyword.value, ast.Constant)
        }
        if name == "run_simple" and options.get("use_reloader"):
            return OwnReloader("werkzeug", "use_reloader=True", "drop `use_reloader=True`", exits_by_itself=True)
        if name == "run" and options.get("use_reloader", options.get("debug")):
            found = "use_reloader=True" if options.get("use_reloader") else "debug=True"
            return OwnReloader("werkzeug", found, "pass `use_reloader=False`", exits_by_itself=True)
    return None
