"""What is imported, in which order and from where, seen from inside the import system and noted in the ledger.

Changes nothing of what an import does: the finders find nothing, and loaders do as they do. Each function that others'
code runs above carries the import system's own file name, since CPython leaves the frames of that out of tracebacks.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import ExtensionFileLoader, SourceFileLoader
from time import perf_counter

from . import bytecode
from .ledger import signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FunctionType, ModuleType
    from typing import Any, Callable, List, Optional, Sequence, Set

    from .ledger import Ledger


class Finder:
    """First on `sys.meta_path`: sees every look-up, and finds nothing.

    Attributes:
        on_first: called with the name of each module that is looked up for the first time, before anybody looks.
        on_users: called with the name and the file of each module of the user's that is about to run; may raise.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.on_first: Optional[Callable[[str], None]] = None
        self.on_users: Optional[Callable[[str, str], None]] = None
        self._ledger = ledger
        self._last = _LastFinder(ledger)
        self._sought: Set[str] = set()
        self._path: List[object] = []
        self._hooks: List[object] = []

    def install(self) -> None:
        """Take the first place, and the last one for what nobody finds."""
        sys.meta_path.insert(0, self)
        sys.meta_path.append(self._last)

    def begin(self) -> None:
        """Note from here on as if nothing had been looked up before."""
        self._sought.clear()
        self._last.missed.clear()
        self._hooks = [*sys.meta_path]
        self._note_path()

    def find_spec(self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None) -> None:
        """Note that `name` is looked up."""
        del path, target
        if name in self._sought:
            return
        self._sought.add(name)
        if sys.path != self._path:
            self._note_path()
        if sys.meta_path != self._hooks:
            self._note_hooks()
        self._ledger.note_installed("sought", name=name)
        if self.on_first is not None:
            self.on_first(name)

    def _note_path(self) -> None:
        self._path = [*sys.path]
        # An app may put anything into it.
        self._ledger.note("path", path=[entry for entry in self._path if isinstance(entry, str)])

    def _note_hooks(self) -> None:
        added = [each for each in sys.meta_path if each not in self._hooks]
        self._hooks = [*sys.meta_path]
        if added:
            self._ledger.note("hooked", by=[_type_name(each) for each in added])


class _LastFinder:
    """Last on `sys.meta_path`: sees what nobody has found.

    Attributes:
        missed: what has been noted.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.missed: Set[str] = set()
        self._ledger = ledger

    def find_spec(self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None) -> None:
        """Note that `name` was not found."""
        del path, target
        if name not in self.missed:
            self.missed.add(name)
            self._ledger.note_installed("missed", name=name)


def observe(ledger: Ledger) -> Finder:
    """From now on, note all imports, and believe no bytecode that may be stale. To be called once in a process."""

    def on_source(name: str, path: str, status: os.stat_result) -> None:
        is_users = not bytecode.is_installed(path)
        note = ledger.note if is_users else ledger.note_installed
        note("found", name=name, file=path, signature=signature(status), user=is_users)

    finder = Finder(ledger)
    finder.install()
    bytecode.distrust_racy(on_source)
    _see_modules(ledger, finder)
    _see_extensions(ledger)
    return finder


def note_script(ledger: Ledger, path: str) -> None:
    """Note the file that is run as `__main__`, which no finder sees, before it is read."""
    path = os.path.abspath(path)
    ledger.note(
        "found", name="__main__", file=path, signature=stat_signature(path), user=not bytecode.is_installed(path)
    )


def stat_signature(path: str) -> Any:
    """The signature of what is at `path` now; None if there is nothing, or it may not be looked at."""
    try:
        return signature(os.stat(path))
    except (OSError, ValueError):
        return None


def _see_modules(ledger: Ledger, finder: Finder) -> None:
    run = SourceFileLoader.exec_module

    def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
        if bytecode.is_installed(loader.path):
            ledger.import_begins(loader.name)
            try:
                run(loader, module)
            finally:
                ledger.import_ends()
            return
        if finder.on_users is not None:
            finder.on_users(loader.name, loader.path)
        ledger.note("entered", name=loader.name, at=ledger.elapsed_ms())
        began = perf_counter()
        has_raised = True
        try:
            run(loader, module)
            has_raised = False
        finally:
            took_ms = round((perf_counter() - began) * 1e3, 2)
            ledger.note("left", name=loader.name, took_ms=took_ms, raised=has_raised)

    SourceFileLoader.exec_module = _as_import_system(exec_module)  # type: ignore[method-assign] # a method, by assignment


def _see_extensions(ledger: Ledger) -> None:
    create = ExtensionFileLoader.create_module

    def create_module(loader: ExtensionFileLoader, spec: Any) -> ModuleType:
        path = loader.path
        is_users = not bytecode.is_installed(path)
        note = ledger.note if is_users else ledger.note_installed
        note("found", name=loader.name, file=path, signature=stat_signature(path), user=is_users)
        return create(loader, spec)

    ExtensionFileLoader.create_module = _as_import_system(create_module)  # type: ignore[method-assign] # as above


def _as_import_system(function: Any) -> Any:
    """Give a function the file name by which CPython knows what to leave out of tracebacks."""
    own: FunctionType = function
    code: CodeType = own.__code__
    own.__code__ = code.replace(co_filename=SourceFileLoader.exec_module.__code__.co_filename)
    return own


def _type_name(finder: object) -> str:
    kind = finder if isinstance(finder, type) else type(finder)
    return "%s.%s" % (kind.__module__, kind.__qualname__)
