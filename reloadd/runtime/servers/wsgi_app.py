"""A WSGI app whose streaming answers can be brought to an end: between two blocks, as if the app had no more to give.

The server then ends the response as it should, so that the client of an event stream sees the end of a whole answer and
connects anew. Everything else goes through unchanged: results of a known length, and those of the server's own making.
"""

from __future__ import annotations

import itertools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator


class EndableApp:
    """The app, for the server to call."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self._goes_on = True

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """What the app returns, or the same with an end."""
        __traceback_hide__ = True  # Werkzeug leaves frames with this variable out of its tracebacks
        result = self._app(environ, start_response)
        if hasattr(result, "__len__") or result.__class__ is environ.get("wsgi.file_wrapper"):
            return result
        return _Stream(result, self._has_more)

    def end(self) -> None:
        """Give no more blocks of any answer."""
        self._goes_on = False

    def _has_more(self, _: object) -> bool:
        return self._goes_on


class _Stream:
    """An iterable with the `close` of another; the iterating is C's own, so that it adds no frame to a traceback."""

    def __init__(self, blocks: Iterable[bytes], has_more: Callable[[object], bool]) -> None:
        self._blocks = blocks
        self._has_more = has_more
        if hasattr(blocks, "close"):
            self.close = blocks.close

    def __iter__(self) -> Iterator[bytes]:
        return itertools.takewhile(self._has_more, self._blocks)
