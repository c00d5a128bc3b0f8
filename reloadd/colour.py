"""Whether to colour what people read. Colour never carries meaning: the words are the same without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to colour what is written to `stream`.

    NO_COLOR (https://no-color.org) forbids it and wins; FORCE_COLOR (https://force-color.org) asks for it; else it
    takes a terminal that is not dumb.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"
