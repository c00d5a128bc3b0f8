"""A profile half made: checked values, and the file system they are to be held to.

Never decides what a profile holds: `build` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from reloadd.profile.findings import Finding, Inspection
from reloadd.profile.formats import LONGEST_UNIX_PATH
from reloadd.profile.locate import Base, Wanted, missing
from reloadd.profile.model import Address, UnixAddress
from reloadd.profile.problems import Code

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.profile.check import Values
    from reloadd.profile.key import Key
    from reloadd.profile.spans import KeyPath

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the parts of a profile are made from.

    Attributes:
        inspection: takes what is found to be wrong.
        values: what the document gives.
        base: what relative paths are relative to.
        interpreter: the daemon's own, for targets that have none.
    """

    inspection: Inspection
    values: Values
    base: Base
    interpreter: Path

    def default(self, key: Key[T]) -> T:
        """The value of a key that has a default."""
        value = self.values.get(key)
        if value is None:
            raise AssertionError(f"`{key.spelled}` has no default in the schema")
        return value

    def path(self, key: Key[str], wanted: Wanted) -> Path | None:
        """The path that the key gives, absolute; None without the key. What is not as wanted is reported."""
        text = self.values.get(key)
        return None if text is None else self.path_at(key.path, text, wanted)

    def path_at(self, where: KeyPath, text: str, wanted: Wanted) -> Path:
        """The same for a text that stands at `where`, such as one item of an array."""
        path = self.base.path(text)
        self.report(where, missing(path, wanted, text))
        return path

    def address(self, where: KeyPath, address: Address) -> Address:
        """The address with an absolute path, if it is one in the file system."""
        if not isinstance(address, UnixAddress):
            return address
        text = str(address.path)
        path = self.base.path(text)
        self.report(where, missing(path.parent, Wanted.DIRECTORY, str(address.path.parent)) or _too_long(path))
        return UnixAddress(path)

    def report(self, where: KeyPath, finding: Finding | None) -> None:
        """Report a finding, if it is one."""
        if finding is not None:
            self.inspection.report(where, finding)


def _too_long(path: Path) -> Finding | None:
    length = len(bytes(path))
    if length <= LONGEST_UNIX_PATH:
        return None
    return Finding(
        Code.OUT_OF_RANGE,
        "the path of a socket is too long",
        f"expected at most {LONGEST_UNIX_PATH} bytes, found {length}",
        "use a shorter path, such as one in /tmp or $XDG_RUNTIME_DIR",
    )
