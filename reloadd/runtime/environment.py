"""Changes of the environment that can be undone."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Mapping, Optional


def change(environ: Mapping[str, Optional[str]]) -> Dict[str, Optional[str]]:
    """Set variables, unset those that map to None, and give what undoes it."""
    before = {name: os.environ.get(name) for name in environ}
    for name, value in environ.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before
