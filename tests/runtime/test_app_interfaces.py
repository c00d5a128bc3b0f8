"""WSGI or ASGI is told from how an app is called."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from reloadd.runtime import interfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    """As PEP 3333 has it."""
    return [environ, start_response]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """As ASGI 3 has it."""


def asgi_behind_a_function(scope: Any, receive: Any, send: Any) -> Any:
    """What an undecorated decorator returns."""
    return asgi(scope, receive, send)


@functools.wraps(asgi)
def decorated(*arguments: Any) -> Any:
    """What a careful one returns."""
    return asgi(*arguments)


def configured(setting: int, environ: Any, start_response: Any) -> list[bytes]:
    """A WSGI app once `setting` is given."""
    return [environ, start_response, bytes(setting)]


def with_options(environ: Any, start_response: Any, verbose: bool = False) -> list[bytes]:  # noqa: FBT001, FBT002
    """A WSGI app with something to spare."""
    return [environ, start_response, bytes(verbose)]


def anything(*arguments: Any, **options: Any) -> list[bytes]:
    """Says nothing about itself."""
    return [bytes(len(arguments) + len(options))]


class WsgiObject:
    """Such as Flask's."""

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        """The app."""
        return wsgi(environ, start_response)


class AsgiObject:
    """Such as Starlette's."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The app."""
        await asgi(scope, receive, send)

    async def method(self, scope: Any, receive: Any, send: Any) -> None:
        """An app by another name."""


class WsgiClass:
    """An instance for each request, iterated over."""

    def __init__(self, environ: Any, start_response: Any) -> None: ...

    def __iter__(self) -> Iterator[bytes]:
        yield b""


class AsgiClass:
    """An instance for each request, awaited."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None: ...

    def __await__(self) -> Iterator[None]:
        yield None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (wsgi, "wsgi"),
        (asgi, "asgi"),
        (asgi_behind_a_function, "asgi"),
        (decorated, "asgi"),
        (functools.partial(configured, 3), "wsgi"),
        (functools.partial(asgi), "asgi"),
        (with_options, "wsgi"),
        (anything, "wsgi"),
        (WsgiObject(), "wsgi"),
        (AsgiObject(), "asgi"),
        (AsgiObject().method, "asgi"),
        (WsgiClass, "wsgi"),
        (AsgiClass, "asgi"),
        (dict.update, "wsgi"),
    ],
)
def test_interface(target: Callable[..., Any], expected: str) -> None:
    """Coroutines first, then the number of arguments, and WSGI where nothing tells."""
    assert interfaces.detect(target, "shop:app") == expected
