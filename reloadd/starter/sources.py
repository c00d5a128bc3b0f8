"""Apps in Python source: what a file defines that a server could serve, and in which framework it is written.

Reads the syntax, never imports or runs. Pure.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.servers import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator


class Framework(Enum):
    """What an app is written in; the value is how it is told to users."""

    FLASK = "Flask"
    FASTAPI = "FastAPI"
    STARLETTE = "Starlette"
    LITESTAR = "Litestar"
    DJANGO = "Django"
    PYRAMID = "Pyramid"


INTERFACES = {
    Framework.FLASK: Interface.WSGI,
    Framework.FASTAPI: Interface.ASGI,
    Framework.STARLETTE: Interface.ASGI,
    Framework.LITESTAR: Interface.ASGI,
    Framework.DJANGO: Interface.WSGI,
    Framework.PYRAMID: Interface.WSGI,
}
"""How each is served."""

_MAKERS = {
    "flask.Flask": Framework.FLASK,
    "flask.app.Flask": Framework.FLASK,
    "fastapi.FastAPI": Framework.FASTAPI,
    "fastapi.applications.FastAPI": Framework.FASTAPI,
    "starlette.applications.Starlette": Framework.STARLETTE,
    "litestar.Litestar": Framework.LITESTAR,
    "litestar.app.Litestar": Framework.LITESTAR,
    "django.core.wsgi.get_wsgi_application": Framework.DJANGO,
}
"""What makes an app, by its full name."""

_PYRAMID_METHOD = "make_wsgi_app"


@dataclass(frozen=True, slots=True)
class Found:
    """An app in a file.

    Attributes:
        framework: what it is written in.
        attribute: the name it has in the module, or that of the function that makes it.
        is_factory: whether it is such a function, which takes no argument that has to be given.
        line: where it stands.
        source: that line.
    """

    framework: Framework
    attribute: str
    is_factory: bool
    line: int
    source: str


def find_apps(text: str) -> tuple[Found, ...]:
    """The apps that a file defines, those that are there at once before those that are to be made."""
    tree = _parsed(text)
    if tree is None:
        return ()
    lines = text.splitlines()
    origins = dict(_origins(tree))
    found: list[Found] = []
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                framework, is_factory = _made_by(value, origins), False
            case ast.FunctionDef(name=name) if not _must_be_given(statement.args):
                makers = (_made_by(node, origins) for node in ast.walk(statement) if isinstance(node, ast.Call))
                framework, is_factory = next((each for each in makers if each is not None), None), True
            case _:
                continue
        if framework is not None:
            source = lines[statement.lineno - 1].strip()
            found.append(Found(framework, name, is_factory, statement.lineno, source))
    return tuple(sorted(found, key=lambda each: (each.is_factory, each.line)))


def has_main_guard(text: str) -> bool:
    """Whether a file does something when it is run: `if __name__ == "__main__"`."""
    tree = _parsed(text)
    return tree is not None and any(
        isinstance(statement, ast.If)
        and any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test))
        for statement in tree.body
    )


def _parsed(text: str) -> ast.Module | None:
    """The syntax of a file; None if it has none. What Python would warn of is the app's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return None


def _origins(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The full names that the names of a module stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if alias.asname else alias.name.partition(".")[0],
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _made_by(value: ast.expr, origins: dict[str, str]) -> Framework | None:
    """The framework whose app an expression makes."""
    if not isinstance(value, ast.Call):
        return None
    if isinstance(value.func, ast.Attribute) and value.func.attr == _PYRAMID_METHOD:
        return Framework.PYRAMID if any(each.startswith("pyramid.") for each in origins.values()) else None
    return _MAKERS.get(_full_name(value.func, origins))


def _full_name(function: ast.expr, origins: dict[str, str]) -> str:
    names: list[str] = []
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name):
        return ""
    return ".".join([origins.get(function.id, ""), *reversed(names)])


def _must_be_given(arguments: ast.arguments) -> bool:
    """Whether a function cannot be called without arguments."""
    positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return positional > 0 or any(default is None for default in arguments.kw_defaults)
