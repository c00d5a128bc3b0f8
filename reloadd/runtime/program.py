"""Become `python -m MODULE` or `python SCRIPT`: the same `__main__`, arguments and import path, in the same order.

The rules are those of CPython's Modules/main.c (`pymain_run_python`) and of the documentation of the command line.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, NoReturn, Sequence

_CANNOT_OPEN = 2
"""The exit code of an interpreter that cannot open its script."""


def run_module(name: str, argv: Sequence[str]) -> None:
    """Run a module or a package as `python -m` does; `argv` are the arguments after its name."""
    set_arguments(["-m", *argv], ["-m", name, *argv])
    clear_main()
    put_first_on_path(os.getcwd())
    import runpy  # noqa: PLC0415 - after the path is set, as the interpreter does it

    runpy._run_module_as_main(name)  # type: ignore[attr-defined] # noqa: SLF001 - the very function that `-m` calls


def run_script(path: str, argv: Sequence[str]) -> None:
    """Run a file, or a directory or archive that holds a `__main__`; `argv` are the arguments after the path."""
    set_arguments([path, *argv], [path, *argv])
    namespace = clear_main()
    if can_hold_modules(path):
        sys.path.insert(0, path)
        import runpy  # noqa: PLC0415 - as above

        runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined] # noqa: SLF001 - as above
        return
    put_first_on_path(os.path.dirname(os.path.realpath(path)))
    try:
        with open(path, "rb") as script:
            source = script.read()
    except OSError as error:
        _refuse_script(path, error)
    namespace["__file__"] = path
    namespace["__cached__"] = None
    namespace["__loader__"] = SourceFileLoader("__main__", path)
    exec(compile(source, path, "exec", dont_inherit=True), namespace)  # noqa: S102 - it is what this function is for


def set_arguments(argv: Sequence[str], given: Sequence[str]) -> None:
    """Set `sys.argv`, and `sys.orig_argv` where there is one (3.10) to the interpreter and what it was `given`."""
    sys.argv[:] = argv
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [*_INTERPRETER, *given]


def clear_main() -> Dict[str, Any]:
    """Empty `__main__` to what it holds before an interpreter runs anything; give its namespace."""
    namespace = sys.modules["__main__"].__dict__
    made = {name: namespace[name] for name in list(namespace) if name in _BEFORE_ANYTHING}
    namespace.clear()
    namespace.update(made)
    namespace["__doc__"] = None
    namespace["__loader__"] = _BUILTIN_LOADER
    return namespace


_INTERPRETER: List[str] = getattr(sys, "orig_argv", [])[: -len(sys.argv)]
"""The interpreter and its options; what follows are our own script and its arguments, the only ones so far."""

_BEFORE_ANYTHING = frozenset(
    {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__annotations__", "__builtins__"}
)

_BUILTIN_LOADER = sys.modules["builtins"].__spec__.loader  # type: ignore[union-attr] # each module of an interpreter has one


def put_first_on_path(directory: str) -> None:
    """Add the program's directory to `sys.path`, unless `-P` or PYTHONSAFEPATH (3.11) forbids it."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, directory)


def can_hold_modules(path: str) -> bool:
    """Whether the import system could find modules in `path`: a directory, or a zip archive of any name."""
    for hook in sys.path_hooks:
        try:
            hook(path)
        except ImportError:
            continue
        return True
    return False


def _refuse_script(path: str, error: OSError) -> NoReturn:
    sys.stderr.write("%s: can't open file %r: [Errno %s] %s\n" % (sys.executable, path, error.errno, error.strerror))
    raise SystemExit(_CANNOT_OPEN)
