"""Which Python program a command line runs, by its words and by the beginning of its program's file.

Any command can be started by exec. One that is Python can be prepared, too, if it is known which interpreter runs which
script or module. Never looks at a file: the caller has read its beginning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = 1024
"""Bytes of a program's file that show what it is."""

_INTERPRETER = re.compile(r"python(3(\.\d+)?t?)?$")
_BINARY = re.compile(r"python3\.(\d+)t?$")
_OLDEST = 8
_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
_PLAIN_FLAGS = frozenset("bBdEIOPqsSuvx")
_TRAMPOLINE = re.compile(rb"""#!/bin/sh\n'''exec' (["']?)(?P<python>/[^"'\n]+)\1 "\$0" "\$@"\n""")
"""What installers write where the interpreter's path is too long for a first line, or has a space in it."""


@dataclass(frozen=True, slots=True)
class PythonCommand:
    """A command that is Python.

    Attributes:
        interpreter: the interpreter and its options.
        script: the script that it runs; None if it is a module.
        module: the module that it runs as `python -m` does.
        argv: the arguments after that.
    """

    interpreter: tuple[str, ...]
    script: str | None
    module: str | None
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A command that is not, or not known to be; `why` in words for the log."""

    why: str


def read_command(argv: Sequence[str], program: str, head: bytes) -> PythonCommand | Foreign:
    """What a command runs; whether its interpreter is one is left to `is_interpreter`.

    Args:
        argv: the command.
        program: its first word as it was found, on PATH or where it says.
        head: the beginning of that file.
    """
    name = PurePath(argv[0]).name
    if _INTERPRETER.match(name):
        return _of_interpreter(argv)
    if (trampoline := _TRAMPOLINE.match(head)) is not None:
        return PythonCommand((trampoline["python"].decode("utf-8", "replace"),), program, None, tuple(argv[1:]))
    if not head.startswith(b"#!"):
        return Foreign(f"`{name}` is not a program in Python")
    words = _first_line(head)
    if not words or not _INTERPRETER.match(PurePath(words[0]).name):
        return Foreign(f"`{name}` is not a program in Python")
    return PythonCommand(tuple(words), program, None, tuple(argv[1:]))


def is_interpreter(resolved: str, head: bytes) -> bool:
    """Whether a file, after all links, is an interpreter that the runtime is for: no script that looks for one."""
    found = _BINARY.match(PurePath(resolved).name)
    return found is not None and int(found[1]) >= _OLDEST and not head.startswith(b"#!")


def _first_line(head: bytes) -> list[str]:
    """The words of `#!`: the kernel gives all that follows the interpreter as one (execve(2)); `env` takes it apart."""
    line = head[2:].partition(b"\n")[0].decode("utf-8", "replace").strip()
    interpreter, _, rest = line.partition(" ")
    rest = rest.strip()
    if PurePath(interpreter).name != "env":
        return [interpreter, *([rest] if rest else [])]
    words = rest.split()
    return words[1:] if words[:1] == ["-S"] else words


def _of_interpreter(argv: Sequence[str]) -> PythonCommand | Foreign:
    """`python [options] script|-m module [arguments]` (Python's own "Command line and environment")."""
    at = 1
    while at < len(argv):
        word = argv[at]
        if word in _WITH_VALUE:
            at += 2
            continue
        if not word.startswith("-") or word == "-":
            break
        if word.startswith(_WITH_VALUE):
            at += 1
            continue
        flags, m, module = word[1:].partition("m")
        if not _PLAIN_FLAGS.issuperset(flags):
            return Foreign(f"`{PurePath(argv[0]).name} {word}` is run as it is")
        if m:
            options = (*argv[:at], *([f"-{flags}"] if flags else []))
            rest = ([module] if module else []) + list(argv[at + 1 :])
            return PythonCommand(options, None, rest[0], tuple(rest[1:])) if rest else Foreign("`-m` names no module")
        at += 1
    if at >= len(argv) or argv[at] == "-":
        return Foreign(f"`{PurePath(argv[0]).name}` reads its program from its input")
    return PythonCommand(tuple(argv[:at]), argv[at], None, tuple(argv[at + 1 :]))
