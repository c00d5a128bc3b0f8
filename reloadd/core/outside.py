"""What an app was seen to import, read and write, by its ledger, and what of that is to be watched beside the roots.

The lines are those of `runtime.ledger`, as decoded. A line that is not as described there was not written by us, and is
passed over. Never reads a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reloadd.core.paths import is_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reloadd.core.account import LedgerSignature
    from reloadd.core.patterns import Includes

SYSTEM = ("/dev/", "/etc/", "/proc/", "/run/", "/sys/", "/usr/")
"""Files there belong to the machine: a change of them is no edit of the app."""

_STARTS_OTHERS = frozenset({"exec", "fork", "forkpty", "posix_spawn", "system", "spawn", "Popen"})
"""Last names of the audit events after which there may be processes that keep no ledger, or none of what they do."""


@dataclass(slots=True)
class Seen:
    """The sum of a ledger, or of its beginning.

    Attributes:
        imported: files of modules that are neither the standard library's nor installed, by how they were then.
        opened: other files that were opened for reading.
        written: files that were opened for writing, or renamed to.
        has_helpers: whether other processes were started, whose writes are not noted.
    """

    imported: dict[str, LedgerSignature] = field(default_factory=dict)
    opened: dict[str, LedgerSignature] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    has_helpers: bool = False

    def add(self, lines: Iterable[Mapping[str, object]]) -> None:
        """Go on with more lines."""
        for line in lines:
            match line:
                case {
                    "word": "found",
                    "file": str(file),
                    "signature": [int(), int(), int()] as signature,
                    "user": True,
                }:
                    self.imported.setdefault(file, (signature[0], signature[1], signature[2]))
                case {"word": "opened", "file": str(file), "signature": [int(), int(), int()] as signature}:
                    self.opened.setdefault(file, (signature[0], signature[1], signature[2]))
                case {"word": "effect", "event": "open" | "os.rename", "detail": str(file)}:
                    self.written.add(file)
                case {"word": "effect", "event": str(event)} if event.rpartition(".")[2] in _STARTS_OTHERS:
                    self.has_helpers = True
                case _:
                    pass

    def outside(self, roots: Sequence[str], includes: Includes) -> dict[str, LedgerSignature]:
        """Files outside the roots that are to be watched, but for those that the app writes itself.

        All that were imported, and of those that were opened the ones whose names matter inside the roots too.
        """
        opened = {file: signature for file, signature in self.opened.items() if includes.matches(file.lstrip("/"))}
        return {
            file: signature
            for file, signature in (opened | self.imported).items()
            if not (file in self.written or file.startswith(SYSTEM) or any(is_within(file, root) for root in roots))
        }


def glob_of(name: str) -> str:
    """The `include` glob that matches a file of this name in a root itself, and nothing else."""
    return "/" + re.sub(r"([*?\[])", r"[\1]", name)
