"""Which files matter if the profile does not say, and which never do.

Tables and the choice between them. Globs are as in `watch.include`, patterns as in .gitignore.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from reloadd.core.patterns import literal_pattern
from reloadd.profile.model import CommandTarget, Target

ALWAYS_EXCLUDED = (
    # version control
    ".git",
    ".hg",
    ".svn",
    # installed packages and environments
    "node_modules",
    ".venv",
    "venv",
    "pyvenv.cfg",
    "*.egg-info",
    "site-packages",
    # caches
    "__pycache__",
    "*.pyc",
    ".tox",
    ".nox",
    ".cache",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    # editors' own directories and temporary files: Vim, Emacs, JetBrains, sed -i
    ".idea",
    ".vscode",
    "*~",
    ".#*",
    r"\#*#",
    "*.sw?",
    "4913",
    "*___jb_tmp___",
    "*___jb_old___",
    "*.tmp",
    "sed" + 6 * "[A-Za-z0-9]",
)
"""Stand in front of `watch.exclude`, so that `!pattern` there brings any of them back."""


def _suffixes(names: str) -> tuple[str, ...]:
    return tuple(f"*.{name}" for name in names.split())


# Never `toml`: profiles themselves are, and lie beside the code.
_PYTHON = _suffixes("py html jinja jinja2 j2 ini cfg yaml yml")
_NODE = (*_suffixes("js mjs cjs ts mts cts tsx jsx vue svelte html css scss"), "package.json")
_OTHERS = _suffixes("c cc cpp cs ex exs go h hpp java kt lua php pl rb rs scala sh")
_SETTINGS = (".env",)

_PYTHON_PROGRAMS = frozenset(
    {
        "celery",
        "daphne",
        "django-admin",
        "fastapi",
        "flask",
        "granian",
        "gunicorn",
        "hypercorn",
        "manage.py",
        "pdm",
        "pipenv",
        "poetry",
        "python",
        "streamlit",
        "uv",
        "uvicorn",
        "waitress-serve",
    }
)
_NODE_PROGRAMS = frozenset({"bun", "bunx", "deno", "next", "node", "npm", "npx", "pnpm", "tsx", "vite", "yarn"})
_VERSION = re.compile(r"[\d.]+$")


def default_include(target: Target) -> tuple[str, ...]:
    """The globs of files that matter to a target; for a command, by what its program is."""
    if not isinstance(target, CommandTarget):
        return (*_PYTHON, *_SETTINGS)
    program = PurePath(target.argv[0]).name
    names = {program, _VERSION.sub("", program)}
    if names & _PYTHON_PROGRAMS:
        return (*_PYTHON, *_SETTINGS)
    if names & _NODE_PROGRAMS:
        return (*_NODE, *_SETTINGS)
    return tuple(dict.fromkeys((*_PYTHON, *_NODE, *_OTHERS, *_SETTINGS)))


def excluded_directory(root: PurePath, directory: PurePath) -> str | None:
    """The pattern that leaves out one directory under a root, and nothing of the same name elsewhere."""
    if directory == root or not directory.is_relative_to(root):
        return None
    return f"/{literal_pattern(directory.relative_to(root).as_posix())}/"
