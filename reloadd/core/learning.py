"""Which modules may be imported ahead of the user's code without making a difference, by what a child's ledger says.

Any other module is left to the app, which imports it in its own time, and the reason is told. Never looks at a file:
the ledger says where each module is from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reloadd.core.account import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reloadd.core.account import Account

DENIED = {
    "gevent.monkey": "it patches what is imported before it",
    "eventlet": "it patches what is imported before it",
    "ddtrace": "it patches what is imported after it",
    "newrelic": "it patches what is imported after it",
    "opentelemetry.instrumentation.auto_instrumentation": "it patches what is imported after it",
    "debugpy": "it traces what is imported after it",
    "pydevd": "it traces what is imported after it",
    "coverage": "it traces what is imported after it",
    "typeguard._importhook": "it rewrites what is imported after it",
    "typeguard.importhook": "it rewrites what is imported after it",
    "beartype.claw": "it rewrites what is imported after it",
}
"""Modules, and all below them, that depend on the order of imports: with one of them nothing is imported ahead."""

_ORDERLY_FINDERS = re.compile(
    r"_reloadd_runtime\.|(_frozen_importlib|importlib|_distutils_hack|_virtualenv|setuptools|__editable__)|.*SixMetaPathImporter$"
)
"""Finders that change nothing about the modules that others find: our own, the interpreter's, those of setuptools, of
editable installs, of virtualenv, of `six` and its copies."""

_ADAPTER = re.compile(r"_reloadd_runtime\.servers\.(\w+)_adapter$")

_READ_WHEN_USED = frozenset({"DJANGO_SETTINGS_MODULE", "FLASK_APP", "FLASK_ENV", "FLASK_DEBUG"})
"""Variables that are set when packages have been imported already, and that no import looks at."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of an app's imports.

    Attributes:
        modules: what may be imported ahead, in order.
        environ: variables that the user's code had set by then; None for one that it had unset.
        excluded: what was found not to be importable ahead, and why.
        denied: why nothing may be imported ahead at all; None if something may.
    """

    modules: tuple[str, ...] = ()
    environ: Mapping[str, str | None] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    denied: str | None = None

    def with_more(self, modules: Iterable[str]) -> Learned:
        """With these modules after the others, unless nothing may be imported ahead at all."""
        more = () if self.denied else (name for name in modules if not _is_below(name, self.excluded))
        return replace(self, modules=tuple(dict.fromkeys((*self.modules, *more))))

    def without(self, failures: Mapping[str, str]) -> Learned:
        """Without these modules and all below them, which cannot be imported ahead for these reasons."""
        excluded = {**self.excluded, **failures}
        kept = tuple(name for name in self.modules if not _is_below(name, failures))
        return replace(self, modules=kept, excluded=excluded)


def learn(account: Account, known: Learned, *, anew: bool) -> Learned:
    """What is known after a child's ledger.

    Args:
        account: the ledger.
        known: what was known before; what it excludes stays so.
        anew: whether the child started cold. Then its ledger has all that the app imports, and what it lacks is not
            wanted any more. The ledger of a warm child lacks what was imported ahead.
    """
    denied = next((reason for module in account.modules if (reason := _denial(module.name)) is not None), None)
    environ, modules = _orderly(account)
    names = dict.fromkeys(name for name in modules if not _is_below(name, known.excluded))
    if not anew:
        return replace(
            known,
            modules=tuple(dict.fromkeys((*known.modules, *names))),
            denied=known.denied or denied,
        )
    return Learned(() if denied else tuple(names), environ, known.excluded, denied)


def _orderly(account: Account) -> tuple[dict[str, str | None], list[str]]:
    """The variables under which modules were imported, and those modules for which the order makes no difference."""
    environ: dict[str, str | None] = {}
    end = min((at for finder, at in account.finders.items() if not _ORDERLY_FINDERS.match(finder)), default=None)
    first_installed = next((module.at for module in account.modules if is_installed(module.file)), None)
    late: int | None = None
    for setting in account.settings:
        if first_installed is None or setting.after <= first_installed or setting.name in _READ_WHEN_USED:
            environ.setdefault(setting.name, setting.value)
        elif late is None:
            late = setting.after
    begun: set[str] = set()
    names = []
    for module in account.modules:
        if end is not None and module.at >= end:
            break
        top = module.name.partition(".")[0]
        is_late = late is not None and module.at >= late and top not in begun
        if module.is_users or is_late or _lacks_server(module.name, account):
            # A package that is imported after a later change of the environment has to wait for that.
            continue
        begun.add(top)
        names.append(module.name)
    return environ, names


def _lacks_server(name: str, account: Account) -> bool:
    """Whether it is one of our adapters for a server that turned out not to be installed."""
    found = _ADAPTER.match(name)
    return found is not None and found[1] in account.missed


def _denial(name: str) -> str | None:
    return next((f"`{denied}`: {reason}" for denied, reason in DENIED.items() if _is_below(name, (denied,))), None)


def _is_below(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
