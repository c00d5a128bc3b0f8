"""What a user sees of an exception: his frames, as if his program had been started by the interpreter itself."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Optional, Type

_OURS = os.path.dirname(__file__) + "/"


def without_own_frames(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """The traceback from the first frame on that is not this package's; None if there is none."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    return trace


def drop_own_frames(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """The traceback without this package's frames, wherever they are; they are taken out of `trace` itself."""
    first = without_own_frames(trace)
    kept = first
    while kept is not None:
        kept.tb_next = without_own_frames(kept.tb_next)
        kept = kept.tb_next
    return first


def hide_own_frames() -> None:
    """Leave this package's frames out of what `sys.excepthook`, be it the user's own, is about to be given."""
    hook = sys.excepthook

    def show(kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        rest = without_own_frames(trace)
        if rest is None and not isinstance(error, SyntaxError):
            # It is a server's or our own, and only these frames show where; a syntax error names its place itself.
            rest = trace
        # The interpreter's own hook looks at the exception and not at its third argument.
        hook(kind, error.with_traceback(rest), rest)

    sys.excepthook = show
