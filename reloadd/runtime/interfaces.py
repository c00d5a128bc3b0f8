"""Whether an app speaks WSGI (PEP 3333) or ASGI 3, told from how it is to be called. Never calls it."""

from __future__ import annotations

from .reports import give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    import inspect
    from typing import Any, Callable, List, Optional

WSGI = "wsgi"
ASGI = "asgi"
"""The interfaces, in the words of the wire."""

_ARGUMENTS = {2: WSGI, 3: ASGI}
"""`(environ, start_response)` or `(scope, receive, send)`: how many arguments each is called with."""

_FUNCTION = type(give_up)

_VARIABLE_ARGUMENTS = 0x04
_COROUTINE = 0x80
"""`CO_VARARGS` and `CO_COROUTINE` of a code object's flags, as `inspect` documents them."""


def detect(app: Callable[..., Any], spelled: str) -> str:
    """Which interface `app` speaks; WSGI where nothing tells, since it has no mark of its own.

    Args:
        app: any callable.
        spelled: what the profile calls it.

    Raises:
        SystemExit: it takes no arguments, so it makes an app and is none (1; the reason has been said).
    """
    return _tell_by_code(app) or _tell_by_signature(app, spelled)


def _tell_by_code(app: Callable[..., Any]) -> Optional[str]:
    """From what a plain function, or an object's plain `__call__`, was compiled to; None where that does not tell.

    It is so for most apps, and saves them the load of `inspect`, which is 4 to 8 ms.
    """
    function: Any = app if type(app) is _FUNCTION else getattr(type(app), "__call__", None)  # noqa: B004 - it is looked at
    # A function with attributes may stand for another, or be marked as what it was not compiled to.
    if isinstance(app, type) or hasattr(app, "__signature__") or type(function) is not _FUNCTION or vars(function):
        return None
    code = function.__code__
    if code.co_flags & _COROUTINE:
        return ASGI
    if code.co_flags & _VARIABLE_ARGUMENTS:
        return None
    bound = 0 if function is app else 1
    return _ARGUMENTS.get(code.co_argcount - bound - len(function.__defaults__ or ()))


def _tell_by_signature(app: Callable[..., Any], spelled: str) -> str:
    import functools  # noqa: PLC0415 - with `inspect`
    import inspect  # noqa: PLC0415 - see above

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
    return sum(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) and each.default is each.empty
        for each in parameters
    )
