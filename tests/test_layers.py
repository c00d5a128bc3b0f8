"""Which package may import which: read from every import in the source, deferred and type-only ones included."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import reloadd

PACKAGE = Path(reloadd.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

CORE_LIBRARY = {"__future__", "ast", "collections", "dataclasses", "enum", "pathlib", "re", "types", "typing"}
"""What `core` may use of the standard library: nothing that reads a clock, a file or a socket."""

ALLOWED: dict[str, set[str]] = {
    "core": {"core"},
    "profile": {"core", "profile"},
    "watch": {"core", "profile.model", "watch", "workers"},
    "supervise": {"core", "profile.model", "profile.environment", "runtime.wire", "supervise", "terminal"},
    "runtime": {"runtime"},
    "bus": {"core.records"},
    "lines": {"core.facts", "core.records"},
    "log": {"core.records", "history.entries", "lines"},
    "service": {"core", "service"},
    "terminal": set(),
    "workers": set(),
    "warm": {"core", "profile.environment", "profile.model", "runtime.wire", "supervise", "warm"},
    "imported": {"core", "profile.model", "supervise", "watch.base"},
    "app": {
        "core",
        "imported",
        "profile.difference",
        "profile.model",
        "supervise",
        "warm.supplies",
        "watch.base",
        "watch.reach",
    },
    "followers": {"app", "core", "supervise"},
    "fleet": {"app", "core", "followers", "profile.difference", "profile.model", "supervise", "watch.base"},
    "reloading": {"control.commands", "core", "fleet", "profile", "supervise", "watch.base"},
    "history": {"core", "history"},
    "control": {"bus", "control", "core", "history", "profile.problems"},
    "daemon": {
        "",
        "app",
        "bus",
        "control.commands",
        "core",
        "fleet",
        "profile",
        "reloading",
        "service.manager",
        "supervise",
        "watch",
    },
    "starter": {"core", "profile", "starter"},
    "doctor": {
        "",
        "control.client",
        "control.places",
        "core",
        "doctor",
        "history.places",
        "profile",
        "service",
        "supervise.holders",
        "supervise.launch",
        "watch.mounts",
    },
    "colour": set(),
    "cli": {
        "",
        "cli",
        "colour",
        "control.client",
        "control.places",
        "control.protocol",
        "core",
        "history",
        "lines",
        "profile",
        "starter",
    },
    "cli.completion": {"cli", "control.protocol"},
    "cli.doctor": {"cli", "colour", "doctor", "profile"},
    "cli.explain": {
        "cli",
        "colour",
        "core.outside",
        "core.patterns",
        "profile",
        "watch.base",
        "watch.explain",
        "watch.mounts",
    },
    "cli.run": {
        "",
        "bus",
        "cli.taken",
        "cli.top",
        "colour",
        "control.opening",
        "core",
        "daemon",
        "log",
        "profile",
        "reloading",
        "service.journal",
        "supervise",
        "terminal",
        "workers",
    },
    "cli.service": {
        "cli.parser",
        "cli.service_status",
        "colour",
        "core.reasons",
        "profile",
        "service",
        "supervise.listeners",
    },
    "cli.service_status": {"cli.parser", "service"},
    "__init__": set(),
    "__main__": {"cli"},
}
"""Who may import which parts of reloadd, named below `reloadd`; `""` is the package itself, for its version."""

APPS_OWN = {"uvicorn", "hypercorn", "werkzeug", "waitress", "cryptography"}
"""What the runtime may find in the app's environment, and does without where it is not there."""

ONLY_IMPORTER = {
    "tomli": "profile.parse",
    "dotenv": "profile.environment",
    "structlog": "log",
    "watchdog": "watch",
    "pathspec": "watch.ignore",
    "shtab": "cli.completion",
}
"""Each dependency, and the one place that may import it."""


def dotted(module: Path) -> str:
    """A module's name below `reloadd`, such as `core.machine`."""
    parts = module.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports(module: Path) -> set[str]:
    """Every module that is imported anywhere in a source file, as an absolute name."""
    found = set()
    here = ["reloadd", *module.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{source}.{alias.name}" if is_package(source) else source for alias in node.names}
    return found


def is_package(name: str) -> bool:
    """Whether a name of ours is a package, so that what is imported from it may be a module."""
    return name.startswith("reloadd") and (PACKAGE.parent / Path(*name.split("."))).is_dir()


def rule_for(name: str) -> set[str]:
    """The most special rule for a module."""
    while name not in ALLOWED:
        assert "." in name, f"no rule for `{name}`"
        name = name.rpartition(".")[0]
    return ALLOWED[name]


def below(name: str, prefix: str) -> bool:
    """Whether a dotted name is `prefix` or something in it; the package itself holds only its version."""
    if prefix == "":
        return name in {"", "__version__"}
    return name == prefix or name.startswith(f"{prefix}.")


@pytest.mark.parametrize("module", MODULES, ids=dotted)
def test_imports_go_in_one_direction(module: Path) -> None:
    """Each part knows only what its layer may know."""
    name = dotted(module)
    ours = {each.removeprefix("reloadd").removeprefix(".") for each in imports(module) if each.startswith("reloadd")}
    wrong = {each for each in ours if not any(below(each, prefix) for prefix in rule_for(name))}

    assert wrong == set(), f"`{name}` may not import {wrong}"


@pytest.mark.parametrize("module", [m for m in MODULES if dotted(m).startswith("core")], ids=dotted)
def test_core_is_pure(module: Path) -> None:
    """Nothing in the core can touch the world."""
    foreign = {each.partition(".")[0] for each in imports(module)} - {"reloadd"}

    assert foreign <= CORE_LIBRARY


@pytest.mark.parametrize("module", [m for m in MODULES if dotted(m).startswith("runtime")], ids=dotted)
def test_runtime_needs_nothing_installed(module: Path) -> None:
    """The app's side uses the standard library and itself, relatively: its package has another name there."""
    tree = ast.parse(module.read_text("utf-8"), feature_version=(3, 8))
    absolute = {each for each in imports(module) if not each.startswith("reloadd.runtime")}
    named = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.startswith("reloadd")
    }

    assert named == set()
    foreign = {each.partition(".")[0] for each in absolute} - sys.stdlib_module_names
    assert foreign <= APPS_OWN, "only servers of the app's own environment"


@pytest.mark.parametrize("module", MODULES, ids=dotted)
def test_each_dependency_has_one_importer(module: Path) -> None:
    """A library can be replaced by changing one file."""
    name = dotted(module)
    for dependency, importer in ONLY_IMPORTER.items():
        if any(below(each, dependency) for each in imports(module)):
            assert below(name, importer), f"`{dependency}` is imported by `{name}`"


def test_only_the_run_verb_imports_the_daemon() -> None:
    """`reloadd check` starts without asyncio, watchdog and structlog."""
    importers = {dotted(module) for module in MODULES if any(below(each, "reloadd.daemon") for each in imports(module))}

    assert importers == {"cli.run"}


FORKING = re.compile(r"\b(?:os|pty)\.fork|\bimport multiprocessing\b|\bpreexec_fn\b")


def test_only_the_runtime_forks_without_executing() -> None:
    """A child that executes no other program would keep the daemon's descriptors, its inotify instance among them."""
    forking = {dotted(module) for module in MODULES if FORKING.search(module.read_text("utf-8"))}

    assert {name for name in forking if not below(name, "runtime")} == set()
