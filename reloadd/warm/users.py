"""The user's own files, and what an edit of them means for what was imported ahead. Never writes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.sources import Source, read_source, vanished
from reloadd.supervise.noted import signature_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reloadd.core.account import Account, LedgerSignature


@dataclass(frozen=True, slots=True)
class _File:
    module: str
    signature: LedgerSignature | None
    source: Source


@dataclass(frozen=True, slots=True)
class Users:
    """What the user's code asks for, as far as it is known.

    Attributes:
        asked: what each of the user's modules imports.
    """

    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _files: Mapping[str, _File] = field(default_factory=dict)
    _setters: frozenset[str] = frozenset()
    _first: str | None = None

    def after(self, account: Account, *, anew: bool) -> Users:
        """The same after a child has run; `anew` forgets what earlier ones asked for.

        What one asked for stays asked for until then, because it may have been imported ahead since.
        """
        files = {} if anew else {**self._files}
        asked = {} if anew else {**self.asked}
        for path, module in account.users.items():
            if (read := self._read(path, module)) is None:
                continue
            files[path] = read
            asked[module] = asked.get(module, frozenset()) | read.source.imports
        setters = frozenset(setting.file for setting in account.settings)
        first = next(iter(account.entered), None)
        return Users(asked, files, setters if anew else self._setters | setters, first if anew else self._first)

    def fault(self, preloaded: Iterable[str]) -> str | None:
        """Why what was imported ahead does not fit the user's code as it is now."""
        now = {**self.asked}
        for path, known in self._files.items():
            if signature_of(path) == known.signature:
                continue
            read = self._read(path, known.module)
            now[known.module] = read.source.imports if read is not None else frozenset()
            if path in self._setters and (read is None or read.source.environ != known.source.environ):
                return f"`{path}` sets the environment in another way"
        if now == self.asked or self._first is None:
            return None
        gone = vanished(self.asked, now, first=self._first, preloaded=preloaded)
        return f"`{min(gone)}` is imported no more" if gone else None

    def _read(self, path: str, module: str) -> _File | None:
        """A file as it is now, read anew only if it has changed; None if it is not there or not text."""
        signature = signature_of(path)
        if (known := self._files.get(path)) is not None and known.signature == signature:
            return known
        if not path.endswith(".py"):
            return None
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        return _File(module, signature, read_source(text, module, is_package=path.endswith("/__init__.py")))
