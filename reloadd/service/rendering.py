"""From the unit files as they are kept to those of one installation: pure text in, text out.

The files that are kept are unit files too, for a `reloadd` that systemd finds by itself. Never reads or writes a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = "# Written by `reloadd service install`, and again by the next one. Your own lines go into a drop-in:"
"""The first line of what we write, and so the sign that a file is ours to replace and to remove."""

_NAME = "reloadd"
_RUNS = ("ExecStart=", "ExecReload=")

_SINCE = {"DelegateSubgroup": 254, "RestartMaxDelaySec": 254, "RestartSteps": 254}
"""Settings, and the version of systemd from which on they are known; before, each is worth a warning (NEWS)."""


def render(text: str, *, unit: str, command: Sequence[str], version: int, listen: Sequence[str] = ()) -> str:
    """A unit file for one installation.

    Args:
        text: the file as it is kept.
        unit: its name.
        command: the words that run reloadd, the first of them an absolute path.
        version: of systemd; 0 for one that is not known.
        listen: what a socket unit listens to, as `ListenStream=` has it.
    """
    lines = [MARK, f"#   systemctl --user edit {unit}"]
    for line in text.splitlines():
        setting = line.partition("=")[0]
        if _SINCE.get(setting, 0) > version:
            continue
        if setting == "ListenStream":
            lines += [f"ListenStream={_specified(address)}" for address in listen]
        else:
            lines.append(_with_command(line, command))
    return "\n".join(lines) + "\n"


def with_path(text: str, path: str) -> str:
    """An environment file in which PATH is set, and everything else is as it was."""
    lines = [line for line in text.splitlines() if not line.startswith("PATH=")]
    return "\n".join([f"PATH={_assigned(path)}", *lines]) + "\n"


def without_path(text: str) -> str:
    """An environment file without PATH."""
    return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("PATH="))


def quoted(word: str) -> str:
    """A word of a command line (systemd.service(5), systemd.syntax(7)); `$` in the first word stands for itself."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return _specified(f'"{escaped}"')


def _specified(text: str) -> str:
    """A text in which nothing is taken for a specifier (systemd.unit(5))."""
    return text.replace("%", "%%")


def _with_command(line: str, command: Sequence[str]) -> str:
    for setting in _RUNS:
        words = line.removeprefix(setting).split(" ")
        if line.startswith(setting) and words[0] == _NAME:
            return setting + " ".join([*map(quoted, command), *words[1:]])
    return line


def _assigned(value: str) -> str:
    """A value of an environment file (systemd.exec(5), EnvironmentFile=)."""
    escaped = value
    for special in '\\"$`':
        escaped = escaped.replace(special, f"\\{special}")
    return f'"{escaped}"'
