"""What a source text in Python imports, and how it sets the environment, read from the text alone.

Two questions about an edit need this: whether it takes away an import that a prepared process has already made, and
whether it changes a variable under which that process has made its imports. Never imports or runs anything.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_IMPORT_LINE = re.compile(r"^\s*(?:from\s+(\.*[\w.]*)\s+import\s+(.*)|import\s+(.*))")
_SETS_ENVIRON = ("environ", "putenv", "unsetenv")


@dataclass(frozen=True, slots=True)
class Source:
    """What matters of one of the user's files.

    Attributes:
        imports: every name that may be that of a module, of all its import statements, wherever they stand.
        environ: what it does to the environment, in a form that is equal if it does the same.
    """

    imports: frozenset[str]
    environ: frozenset[str]


def read_source(text: str, module: str, *, is_package: bool) -> Source:
    """What matters of a file.

    Args:
        text: what is in it.
        module: its dotted name, which relative imports start from.
        is_package: whether it is an `__init__.py`.
    """
    package = module if is_package else module.rpartition(".")[0]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        # Broken, or of a later Python than ours.
        return Source(frozenset(_imports_of_lines(text, package)), frozenset(_lines_on_environ(text)))
    return Source(frozenset(_imports_of(tree, package)), frozenset(_environ_of(tree, text)))


def _imports_of(tree: ast.AST, package: str) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _prefixes(alias.name)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(
                "." * node.level + (node.module or ""), (alias.name for alias in node.names), package
            )


def _imported_from(source: str, names: Iterable[str], package: str) -> Iterable[str]:
    """`from source import names`: each of the names may be a module of the package that it comes from."""
    dots = len(source) - len(source.lstrip("."))
    base = source[dots:]
    if dots:
        parts = package.split(".") if package else []
        above = parts[: len(parts) - (dots - 1)]
        base = ".".join([*above, *([base] if base else [])])
    if not base:
        return
    yield from _prefixes(base)
    for name in names:
        yield f"{base}.{name}"


def _prefixes(name: str) -> Iterable[str]:
    """`a.b.c` imports `a` and `a.b` as well."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def _imports_of_lines(text: str, package: str) -> Iterable[str]:
    for line in text.splitlines():
        found = _IMPORT_LINE.match(line)
        if found is None:
            continue
        source, names, modules = found.groups()
        if modules is not None:
            for word in modules.split(","):
                yield from _prefixes(word.split(" as ")[0].strip())
        else:
            yield from _imported_from(
                source, (word.split(" as ")[0].strip(" ()\\") for word in names.split(",")), package
            )


def _environ_of(tree: ast.Module, text: str) -> Iterable[str]:
    """Each statement that names the environment; the whole text if what it sets is not written out there."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.Delete | ast.Expr):
            continue
        names = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", None) for each in ast.walk(node)}
        if not names.intersection(_SETS_ENVIRON):
            continue
        if isinstance(node, ast.Assign) and not any(_names_environ(target) for target in node.targets):
            continue
        if names - {"os", "environ", "setdefault", "pop", "putenv", "unsetenv", None}:
            yield text
        yield ast.dump(node)


def _names_environ(node: ast.AST) -> bool:
    return any(getattr(each, "attr", getattr(each, "id", None)) == "environ" for each in ast.walk(node))


def _lines_on_environ(text: str) -> Iterable[str]:
    return (line.strip() for line in text.splitlines() if any(name in line for name in _SETS_ENVIRON))


def vanished(
    before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]], *, first: str, preloaded: Iterable[str]
) -> frozenset[str]:
    """The modules that were imported ahead and that the user's code no longer imports.

    Only modules that can still be reached count: one whose last import is gone imports nothing any more.

    Args:
        before: what each of the user's modules imported when it was last learned.
        after: what it imports now.
        first: the module that was run first.
        preloaded: the modules that a prepared process has imported.
    """
    reached, _ = _walk(before, [first])
    # What no statement leads to was reached in another way, such as by its name in a string.
    roots = {first} | (before.keys() - reached)
    _, asked_before = _walk(before, roots)
    _, asked_after = _walk(after, roots)
    return frozenset(preloaded) & asked_before - asked_after


def _walk(imports: Mapping[str, frozenset[str]], roots: Iterable[str]) -> tuple[set[str], set[str]]:
    """The modules that can be reached from the roots, and all names that they ask for."""
    reached: set[str] = set()
    asked: set[str] = set()
    waiting = [*roots]
    while waiting:
        module = waiting.pop()
        if module in imports and module not in reached:
            reached.add(module)
            asked |= imports[module]
            waiting.extend(imports[module])
    return reached, asked
