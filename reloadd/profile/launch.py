"""The part of a profile that says how its target is run: `[target]` -> `Launch`. Never runs the interpreter."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from reloadd.profile import schema
from reloadd.profile.environment import EnvFileError, read_env_file
from reloadd.profile.findings import Finding, On
from reloadd.profile.locate import (
    Interpreter,
    Wanted,
    environment_beside,
    interpreter_at,
    is_directory,
    is_file,
    missing,
    program,
)
from reloadd.profile.model import CommandTarget, Launch, ModuleTarget, ScriptTarget, Target
from reloadd.profile.problems import Code, shown_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.profile.draft import Draft


def build_launch(draft: Draft) -> Launch | None:
    """How the target is run; None if no target was given, or none that could be read."""
    target = _target(draft)
    directory = draft.path(schema.DIRECTORY, Wanted.DIRECTORY) or draft.base.directory
    interpreter = _interpreter(draft, directory)
    env_file = draft.path(schema.ENV_FILE, Wanted.FILE)
    from_file = _variables(draft, env_file)
    env = MappingProxyType(draft.values.get(schema.ENV) or {})
    if isinstance(target, CommandTarget):
        if not draft.values.is_given(schema.PYTHON) and interpreter.python == draft.interpreter:
            # The daemon's own environment is no business of a program that is not run by its Python.
            interpreter = replace(interpreter, venv=None)
        search = _search_path(draft.base.environ, from_file, env, interpreter)
        draft.report((*schema.COMMAND.path, 0), program(target.argv[0], search=search, directory=directory))
    if target is None:
        return None
    return Launch(
        target=target,
        args=draft.default(schema.ARGS),
        python=interpreter.python,
        venv=interpreter.venv,
        directory=directory,
        env=env,
        env_file=env_file,
    )


def _target(draft: Draft) -> Target | None:
    values = draft.values
    app = values.get(schema.APP)
    if app is not None:
        return replace(
            app,
            server=values.get(schema.SERVER),
            threads=values.get(schema.THREADS),
            processes=values.get(schema.PROCESSES),
        )
    module = values.get(schema.MODULE)
    if module is not None:
        return ModuleTarget(module)
    script = draft.path(schema.SCRIPT, Wanted.FILE_OR_DIRECTORY)
    if script is not None:
        draft.report(schema.SCRIPT.path, _no_script(script, values.get(schema.SCRIPT) or ""))
        return ScriptTarget(script)
    command = values.get(schema.COMMAND)
    if command is not None:
        return CommandTarget((draft.base.program(command[0]), *command[1:]))
    return None


def _no_script(path: Path, text: str) -> Finding | None:
    """Why Python would not run a directory."""
    if not is_directory(path) or is_file(path / "__main__.py"):
        return None
    return Finding(
        Code.BAD_VALUE,
        f"`{text}` is a directory without a `__main__.py`",
        "expected a Python file, or a directory that Python can run",
        "name a file in it",
    )


def _interpreter(draft: Draft, directory: Path) -> Interpreter:
    """The interpreter that the profile names, else that of an environment nearby, else the daemon's."""
    text = draft.values.get(schema.PYTHON)
    if text is not None:
        return interpreter_at(_named_interpreter(draft, text))
    venv = environment_beside((draft.base.directory, directory))
    if venv is None:
        return interpreter_at(draft.interpreter)
    python = venv / "bin" / "python"
    finding = missing(python, Wanted.PROGRAM, shown_path(python, draft.base.directory))
    if finding is not None:
        hint = f'make `{venv.name}` anew, or name another with `python = "..."`'
        draft.report(("target",), replace(finding, hint=hint, on=On.TABLE))
    return Interpreter(python, venv)


def _named_interpreter(draft: Draft, text: str) -> Path:
    """A path, or a name without a slash that is looked up on `PATH` as a shell would."""
    if "/" not in text and not is_file(draft.base.path(text)):
        on_path = shutil.which(text, path=draft.base.environ.get("PATH", os.defpath))
        if on_path is not None:
            return Path(on_path)
    return draft.path_at(schema.PYTHON.path, text, Wanted.PROGRAM)


def _variables(draft: Draft, env_file: Path | None) -> Mapping[str, str]:
    """What the `env-file` holds now: it is read again at each start, but what is wrong with it is better said early."""
    if env_file is None or not is_file(env_file):
        return {}
    try:
        return read_env_file(env_file)
    except EnvFileError as error:
        text = draft.values.get(schema.ENV_FILE)
        where = "" if error.line is None else f"line {error.line}: "
        message = f"the `env-file` `{text}` cannot be used"
        hint = "it is UTF-8 text with one `NAME=value` a line"
        finding = Finding(Code.BAD_VALUE, message, f"{where}{error.reason}", hint)
        draft.report(schema.ENV_FILE.path, finding)
        return {}


def _search_path(
    environ: Mapping[str, str], from_file: Mapping[str, str], env: Mapping[str, str], interpreter: Interpreter
) -> str:
    """The `PATH` that the child will have."""
    given = env.get("PATH") or from_file.get("PATH")
    if given is not None:
        return given
    inherited = environ.get("PATH", os.defpath)
    return inherited if interpreter.venv is None else f"{interpreter.venv / 'bin'}{os.pathsep}{inherited}"
