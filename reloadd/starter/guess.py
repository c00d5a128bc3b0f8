"""What a project most likely is: from what lies there to what to run, and why. Pure.

The first of `_WAYS` that finds something decides: what is surest stands first.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reloadd.core.doubled import find_own_reloader
from reloadd.core.servers import TRAITS, Interface, Server
from reloadd.starter.sources import INTERFACES, Found, Framework, find_apps, has_main_guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.starter.project import Project, SourceFile

_USUAL_FILES = ("main.py", "app.py", "wsgi.py", "asgi.py", "server.py", "web.py", "api.py", "__init__.py")
"""Where an app most often stands, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What to run.

    Attributes:
        key: of `[target]`: `app`, `module`, `script` or `command`.
        value: its value, as TOML.
        found: what was found and where, in words.
        directory: where to run it, if that is not the project's own.
        env: variables that it takes.
        address: where it listens by itself, for a program that opens its own port.
        include: globs of what matters, where the defaults are too many.
        needs: a package that must be importable.
        interface: how it is to be served; None for what is not an `app`.
        notes: what the user should know.
    """

    key: str
    value: str
    found: str
    directory: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    address: str | None = None
    include: tuple[str, ...] = ()
    needs: str | None = None
    interface: Interface | None = None
    notes: tuple[str, ...] = ()


def guess(project: Project) -> Guess | None:
    """What to run in a project; None if nothing was found."""
    found = next((found for way in _WAYS if (found := way(project)) is not None), None)
    if found is None:
        return None
    notes = (*found.notes, *_missing(found, project))
    return replace(found, found=_on_a_line(found.found), notes=tuple(map(_on_a_line, notes)))


def _on_a_line(text: str) -> str:
    """What quotes the user's files, without what would break a comment or move a terminal's cursor."""
    return "".join(character if character.isprintable() else " " for character in text)


def _django(project: Project) -> Guess | None:
    """A `manage.py`, and the `wsgi.py` of the package that its settings are in."""
    manage = next((source for source in project.sources if source.path.name == "manage.py"), None)
    if manage is None or "DJANGO_SETTINGS_MODULE" not in manage.text:
        return None
    for source, found in _apps(project):
        if found.framework is Framework.DJANGO and source.path.is_relative_to(manage.path.parent):
            return _app(source, found, root=manage.path.parent)
    return None


def _app_at_hand(project: Project) -> Guess | None:
    """The app, or the function that makes it, that stands where apps most often stand."""
    ranked = sorted(_apps(project), key=_rank)
    if not ranked:
        return None
    source, found = ranked[0]
    chosen = _app(source, found, root=_import_root(source, project))
    others = [
        f"`{other.attribute}` in {path.path}" for path, other in ranked[1:4] if other.is_factory == found.is_factory
    ]
    return replace(chosen, notes=(f"also found: {', '.join(others)}",)) if others else chosen


def _apps(project: Project) -> Iterator[tuple[SourceFile, Found]]:
    for source in project.sources:
        for found in find_apps(source.text):
            yield source, found


def _rank(candidate: tuple[SourceFile, Found]) -> tuple[bool, int, int, str]:
    source, found = candidate
    name = source.path.name
    place = _USUAL_FILES.index(name) if name in _USUAL_FILES else len(_USUAL_FILES)
    return found.is_factory, len(source.path.parts), place, str(source.path)


def _import_root(source: SourceFile, project: Project) -> PurePosixPath:
    """The directory from which a file's module is imported: above its topmost package."""
    packages = {each.path.parent for each in project.sources if each.path.name == "__init__.py"}
    root = source.path.parent
    while root in packages and root != PurePosixPath():
        root = root.parent
    return root


def _app(source: SourceFile, found: Found, *, root: PurePosixPath) -> Guess:
    names = list(source.path.relative_to(root).with_suffix("").parts)
    if names[-1] == "__init__" and len(names) > 1:
        names.pop()
    call = "()" if found.is_factory else ""
    what = "a function that makes a" if found.is_factory else "a"
    located = _from(root)
    return replace(
        located,
        value=json.dumps(f"{'.'.join(names)}:{found.attribute}{call}"),
        found=f"{what} {found.framework.value} app in {source.path}:{found.line}: `{found.source}`",
        needs=found.framework.name.lower(),
        interface=INTERFACES[found.framework],
    )


def _from(root: PurePosixPath) -> Guess:
    """An `app` that is imported from this directory. Below `src` the project's own directory stays the working one."""
    empty = Guess("app", "", "")
    if root == PurePosixPath():
        return empty
    if root.name == "src":
        return replace(empty, env=(("PYTHONPATH", str(root)),))
    return replace(empty, directory=str(root))


def _pyramid(project: Project) -> Guess | None:
    """A Pyramid project as its cookiecutters make it: `pserve` with the settings for development."""
    for name, text in project.settings.items():
        if name.startswith("development") and "pyramid" in project.requirements:
            listen = re.search(r"(?m)^\s*listen\s*=\s*(\S+)", text)
            address = listen[1].replace("localhost", "127.0.0.1") if listen else "127.0.0.1:6543"
            return Guess(
                "command",
                json.dumps(["pserve", name]),
                f"a Pyramid project: {name}, and `pyramid` in {project.requirements['pyramid']}",
                address=address,
                include=("*.py", "*.ini", "*.jinja2", "*.pt", "*.mako"),
                needs="pyramid",
            )
    return None


def _package(project: Project) -> Guess | None:
    """A package that `python -m` runs."""
    for source in project.sources:
        if source.path.name == "__main__.py" and len(source.path.parts) > 1:
            root = _import_root(source, project)
            names = source.path.parent.relative_to(root).parts
            if not names:
                return replace(
                    _from(PurePosixPath()),
                    key="script",
                    value=json.dumps(str(source.path.parent)),
                    found=f"{source.path}",
                )
            located = _from(root)
            return replace(
                located,
                key="module",
                value=json.dumps(".".join(names)),
                found=f"a package that can be run: {source.path}",
            )
    return None


def _node(project: Project) -> Guess | None:
    """A script of package.json, one without a reloader of its own if there is one; else its main file."""
    if project.scripts is None:
        return None
    usual = [name for name in ("dev", "start", "serve") if name in project.scripts]
    quiet = [name for name in usual if not _watches_itself(project.scripts[name])]
    if usual:
        name = (quiet or usual)[0]
        words = [project.runner, *([] if name == "start" else ["run"]), name]
        found = f"package.json, whose script `{name}` is `{project.scripts[name]}`"
        guessed = Guess("command", json.dumps(words), found)
        if quiet:
            return guessed
        note = f"`{project.scripts[name]}` reloads by itself, so only package.json restarts it"
        return replace(guessed, include=("package.json",), notes=(note,))
    if project.entry is not None:
        return Guess("command", json.dumps(["node", project.entry]), f"package.json, and {project.entry}")
    return None


_OWN_RELOADERS = frozenset(
    {"vite", "next", "nuxt", "nodemon", "webpack", "astro", "remix", "ng", "parcel", "react-scripts"}
)
_OWN_OPTIONS = frozenset({"--watch", "watch", "--hot"})


def _watches_itself(script: str) -> bool:
    """Whether a line of package.json starts something that reloads by itself."""
    try:
        words = shlex.split(script)
    except ValueError:
        return False
    programs = {PurePosixPath(word).name for word in words}
    return bool(programs & _OWN_RELOADERS or set(words) & _OWN_OPTIONS) or find_own_reloader(words) is not None


def _script(project: Project) -> Guess | None:
    """A file near the top that does something when it is run."""
    runnable = [source for source in project.sources if len(source.path.parts) == 1 and has_main_guard(source.text)]
    ranked = sorted(runnable, key=lambda source: (source.path.name not in _USUAL_FILES, str(source.path)))
    if not ranked:
        return None
    path = ranked[0].path
    return Guess("script", json.dumps(str(path)), f'a script: {path}, which has `if __name__ == "__main__"`')


_WAYS = (_django, _app_at_hand, _pyramid, _package, _node, _script)


def _missing(found: Guess, project: Project) -> Iterator[str]:
    """What is not installed and will be missed, with what to do about it."""
    if found.needs is None:
        return
    asked = project.requirements.get(found.needs)
    install = found.needs
    if asked is not None:
        install = f"-r {_typed(project, asked)}" if asked.startswith("requirements") else f"-e {_typed(project)}"
    environment = project.environment
    home = _typed(project, ".venv" if environment is None else environment.name)
    pip = f"{home}/bin/pip install"
    if environment is None:
        yield f"there is no virtual environment: `python3 -m venv {home} && {pip} {install}`"
        return
    if found.needs not in environment.packages:
        yield f"`{found.needs}` is not installed in {environment.name}: `{pip} {install}`"
    servers = [server.value for server in Server if TRAITS[server].interface is Interface.ASGI]
    if found.interface is Interface.ASGI and not environment.packages.intersection(servers):
        yield f"no server for ASGI is installed in {environment.name}: `{pip} uvicorn`"


def _typed(project: Project, name: str = "") -> str:
    """A path in the project as it is to be typed into a shell, from where the user is."""
    return shlex.quote(str(project.directory / name))
