"""Whether an app speaks WSGI (PEP 3333) or ASGI 3, told from how it is to be called. Never calls it."""

from __future__ import annotations

import functools
import inspect

from .reports import give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

WSGI = "wsgi"
ASGI = "asgi"
"""The interfaces, in the words of the wire."""

_ARGUMENTS = {2: WSGI, 3: ASGI}
"""`(environ, start_response)` or `(scope, receive, send)`: how many arguments each is called with."""


def detect(app: Callable[..., Any], spelled: str) -> str:
    """Which interface `app` speaks; WSGI where nothing tells, since it has no mark of its own.

    Args:
        app: any callable.
        spelled: what the profile calls it.

    Raises:
        SystemExit: it takes no arguments, so it makes an app and is none (1; the reason has been said).
    """
    bare = app
    while isinstance(bare, functools.partial):
        bare = bare.func
    if inspect.isclass(bare):
        # An instance for each request, which is awaited or iterated over.
        if hasattr(bare, "__await__"):
            return ASGI
    elif inspect.iscoroutinefunction(bare) or inspect.iscoroutinefunction(getattr(bare, "__call__", None)):  # noqa: B004
        # The method is looked at itself: every callable has one.
        return ASGI
    try:
        parameters = list(inspect.signature(app).parameters.values())
    except (TypeError, ValueError):
        return WSGI
    if not parameters:
        give_up(
            "`%s` takes no arguments, so it is not an app" % spelled,
            "if it makes one, write `%s()`" % spelled,
        )
    return _ARGUMENTS.get(_count_needed(parameters), WSGI)


def _count_needed(parameters: List[inspect.Parameter]) -> int:
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in positional and each.default is inspect.Parameter.empty for each in parameters)
