"""From a profile to what a child needs: a command line, an environment, and the `go` frame.

Never starts anything: `child` does.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.commands import Foreign, PythonCommand
from reloadd.core.servers import TRAITS, Ability, Server, able_servers
from reloadd.profile.environment import read_env_file
from reloadd.profile.model import (
    AppTarget,
    CommandTarget,
    ModuleTarget,
    Profile,
    ScriptTarget,
    Switch,
    TlsAdhoc,
    TlsFiles,
)
from reloadd.runtime import wire
from reloadd.supervise.programs import find_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reloadd.supervise.listeners import Listener

BOOT = Path(wire.__file__).with_name("boot.py")

_NOT_FOR_CHILDREN = (
    "FDSTORE",
    "JOURNAL_STREAM",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_PIDFDID",
    "MAINPID",
    "MAINPIDFDID",
    "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE",
    "NOTIFY_SOCKET",
    "SYSTEMD_EXEC_PID",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "WERKZEUG_RUN_MAIN",
    "WERKZEUG_SERVER_FD",
)
"""What tells the daemon, and nobody else, of its service manager, its sockets and its journal (systemd.exec(5)).

INVOCATION_ID is not among them: a child belongs to the same run of the same unit.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that starting a child takes, apart from descriptors and a terminal.

    Attributes:
        interpreter: what runs our runtime, with its options.
        environ: of the child.
        directory: where it is run.
        go: what it is to become, as the wire has it.
        foreign: why it becomes a program that need not be Python, and cannot be prepared; None if it is Python.
    """

    interpreter: tuple[str, ...]
    environ: Mapping[str, str]
    directory: Path
    go: Mapping[str, object]
    foreign: str | None = None


def plan_launch(profile: Profile, environ: Mapping[str, str], extra: Mapping[str, str]) -> Plan:
    """How a child of this profile is started now; the `env-file` is read anew each time.

    Args:
        profile: whose child.
        environ: the daemon's environment.
        extra: variables of ours, which nothing of the user's replaces.

    Raises:
        EnvFileError: the `env-file` cannot be read.
    """
    launch = profile.launch
    made = _environment(profile, environ, extra)
    if isinstance(launch.target, CommandTarget):
        return _plan_command((*launch.target.argv, *launch.args), made, profile)
    return Plan((str(launch.python),), made, launch.directory, _go(profile))


def _plan_command(argv: tuple[str, ...], environ: Mapping[str, str], profile: Profile) -> Plan:
    """A command is started by exec; one that is Python, and may be prepared, as Python would start it."""
    directory = profile.launch.directory
    if profile.warm.mode is Switch.OFF:
        found: PythonCommand | Foreign = Foreign("nothing is prepared")
    else:
        found = find_python(argv, environ, directory)
    match found:
        case Foreign(why):
            return Plan((sys.executable, "-I", "-S"), environ, directory, _go(profile), foreign=why)
        case PythonCommand(interpreter, script, module, rest):
            kind, name = ("module", module) if script is None else ("script", script)
            return Plan(interpreter, environ, directory, {"target": kind, "name": name, "argv": list(rest)})


def _environment(profile: Profile, environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    launch = profile.launch
    made = {name: value for name, value in environ.items() if name not in _NOT_FOR_CHILDREN}
    # Whoever looks at a log wants to see each line when it is printed, also where no terminal is attached.
    made.setdefault("PYTHONUNBUFFERED", "1")
    if launch.venv is not None:
        made["VIRTUAL_ENV"] = str(launch.venv)
        made["PATH"] = f"{launch.venv / 'bin'}{os.pathsep}{made.get('PATH', os.defpath)}"
    if launch.env_file is not None:
        made.update(read_env_file(launch.env_file))
    made.update(launch.env)
    made.update(extra)
    return made


def asked_abilities(profile: Profile) -> frozenset[Ability]:
    """What the profile asks of the server of an `app` target."""
    target = profile.launch.target
    if not isinstance(target, AppTarget):
        return frozenset()
    asked = {
        Ability.THREADS: target.threads is not None,
        Ability.PROCESSES: target.processes is not None,
        Ability.TLS_FILES: isinstance(profile.tls, TlsFiles),
        Ability.TLS_ADHOC: isinstance(profile.tls, TlsAdhoc),
    }
    return frozenset(ability for ability, is_asked in asked.items() if is_asked)


def _go(profile: Profile) -> dict[str, object]:
    launch = profile.launch
    match launch.target:
        case AppTarget() as target:
            servers: Iterable[Server] = (
                able_servers(asked_abilities(profile)) if target.server is None else (target.server,)
            )
            return {
                "target": "app",
                "name": target.module,
                "attribute": target.attribute,
                "factory": target.is_factory,
                "servers": [{"name": server.value, "interface": TRAITS[server].interface.value} for server in servers],
                "threads": target.threads,
                "processes": target.processes,
                "tls": _tls(profile),
                "drain": profile.restart.drain_timeout,
                "argv": list(launch.args),
            }
        case ModuleTarget(module):
            return {"target": "module", "name": module, "argv": list(launch.args)}
        case ScriptTarget(path):
            return {"target": "script", "name": str(path), "argv": list(launch.args)}
        case CommandTarget(argv):
            return {"target": "command", "argv": [*argv, *launch.args]}


def _tls(profile: Profile) -> dict[str, str] | str | None:
    match profile.tls:
        case TlsFiles(cert, key):
            return {"cert": str(cert), "key": str(key)}
        case TlsAdhoc():
            return "adhoc"
        case None:
            return None


def describe_listeners(listeners: Sequence[Listener]) -> list[dict[str, object]]:
    """The listeners as the `go` frame names them, by their descriptors in the daemon, which the child inherits."""
    return [{"name": listener.name, "fd": listener.socket.fileno()} for listener in listeners]
