"""From a profile to what a child needs: a command line, an environment, and the `go` frame.

Never starts anything: `child` does.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.servers import TRAITS, Ability, Server, able_servers
from reloadd.profile.environment import read_env_file
from reloadd.profile.model import (
    AppTarget,
    CommandTarget,
    ModuleTarget,
    Profile,
    ScriptTarget,
    TlsAdhoc,
    TlsFiles,
)
from reloadd.runtime import wire

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
    """All that starting a child takes, apart from descriptors and a terminal."""

    interpreter: tuple[str, ...]
    environ: Mapping[str, str]
    directory: Path
    go: Mapping[str, object]


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
    if isinstance(launch.target, CommandTarget):
        interpreter: tuple[str, ...] = (sys.executable, "-I", "-S")
    else:
        interpreter = (str(launch.python),)
    return Plan(
        interpreter=interpreter,
        environ=_environment(profile, environ, extra),
        directory=launch.directory,
        go=_go(profile),
    )


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
