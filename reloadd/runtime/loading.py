"""From `shop.main:app` to the app itself, or to one clear error.

What goes wrong in the user's code is left alone: its traceback is the best report there is. What goes wrong before or
after it, where a traceback would show nothing of his, is put in words.
"""

from __future__ import annotations

import sys

from .reports import give_up
from .tracebacks import without_own_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, List, NoReturn, Optional

_USUAL_NAMES = ("app", "application", "create_app", "make_app", "api", "asgi", "wsgi")
"""What an app is called where it is not called what the profile says."""


class Target:
    """What to import, and how to get the app from it."""

    __slots__ = ("attribute", "is_factory", "module", "spelled")

    def __init__(self, module: str, attribute: str, is_factory: bool) -> None:  # noqa: FBT001 - as `go` has them
        self.module = module
        self.attribute = attribute
        self.is_factory = is_factory
        self.spelled = "%s:%s%s" % (module, attribute, "()" if is_factory else "")


def load(target: Target) -> Any:
    """Import the module and give the app: the attribute, or what it returns if it is a factory.

    Raises:
        SystemExit: there is no such module or attribute, or it cannot be called (1; the reason has been said).
        Exception: whatever the user's code raises.
    """
    found = _import(target)
    passed: List[str] = []
    for name in target.attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            if without_own_frames(error.__traceback__) is not None:
                raise
            _refuse_attribute(target, found, passed, name)
        passed.append(name)
    if target.is_factory:
        found = _make(target, found)
    if not callable(found):
        origin = "returned" if target.is_factory else "is"
        give_up("`%s` %s no app: expected something to call, found %s" % (target.spelled, origin, _kind(found)))
    return found


def _import(target: Target) -> Any:
    try:
        # The function behind the `import` statement, which keeps the import system's frames out of tracebacks.
        __import__(target.module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        is_ours = target.module == missing or target.module.startswith(missing + ".")
        if not is_ours or without_own_frames(error.__traceback__) is not None:
            raise
        _refuse_module(target, missing)
    return sys.modules[target.module]


def _make(target: Target, factory: Any) -> Any:
    if not callable(factory):
        give_up("`%s` cannot be called: found %s" % (target.spelled, _kind(factory)), "leave out the `()`")
    try:
        return factory()
    except TypeError as error:
        if without_own_frames(error.__traceback__) is not None:
            raise
        give_up("`%s` cannot be called without arguments: %s" % (target.spelled, error))


def _refuse_module(target: Target, missing: str) -> NoReturn:
    package, _, name = missing.rpartition(".")
    if not package:
        # The first entry is the user's own directory.
        path, where = sys.path[:1], "in `%s`" % sys.path[0]
    elif hasattr(sys.modules[package], "__path__"):
        path, where = list(sys.modules[package].__path__), "in the package `%s`" % package
    else:
        give_up("no module named `%s` in `%s`, which is not a package" % (name, package))
    import pkgutil  # noqa: PLC0415 - only to look for what could have been meant

    # What was not there a moment ago may be there by now: to name it would not help.
    near = _nearest(name, [found.name for found in pkgutil.iter_modules(path) if found.name != name])
    hint = None
    if near is not None:
        meant = "%s.%s" % (package, near) if package else near
        hint = "did you mean `%s`?" % (meant + target.spelled[len(missing) :])
    give_up("no module named `%s` %s" % (name, where), hint)


def _refuse_attribute(target: Target, holder: object, passed: List[str], name: str) -> NoReturn:
    names = [each for each in getattr(holder, "__dict__", {}) if not each.startswith("_")]
    near = _nearest(name, names) or next((usual for usual in _USUAL_NAMES if usual in names), None)
    hint = None
    if near is not None:
        rest = target.spelled[len(":".join([target.module, ".".join([*passed, name])])) :]
        hint = "did you mean `%s:%s%s`?" % (target.module, ".".join([*passed, near]), rest)
    give_up("`%s` has no attribute `%s`" % (".".join([target.module, *passed]), name), hint)


def _nearest(wanted: str, names: Iterable[str]) -> Optional[str]:
    from difflib import get_close_matches  # noqa: PLC0415 - as above

    matches: List[str] = get_close_matches(wanted, list(names), n=1)
    return matches[0] if matches else None


def _kind(found: object) -> str:
    return "None" if found is None else "an object of type `%s`" % type(found).__name__
