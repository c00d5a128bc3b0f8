"""Completion, in the shells themselves: what they offer at a place of the command line."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.cli import main
from reloadd.cli.verbs import VERBS
from tests.support.daemon import RunningDaemon, write_files
from tests.support.programs import needs_fish, needs_zsh
from tests.support.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.slow]

PLACES = {
    "reloadd st": {"status", "stop", "start", "stats"},
    "reloadd ": set(VERBS),
    "reloadd check ": {"dev.toml", "shop"},
    "reloadd --profile ": {"dev.toml", "shop"},
    "reloadd check dev.toml --output ": {"text", "json"},
    "reloadd --log ": {"auto", "console", "json"},
    "reloadd completion ": {"bash", "zsh", "fish"},
    "reloadd restart ": {"dev"},
    "reloadd explain d": {"dev.toml"},
}
"""Command lines, and what is offered at their ends: commands, choices, files, own profiles, those that run."""

BASH = """
source completion
IFS=' ' read -ra COMP_WORDS <<< "$1"
[ "${1: -1}" = ' ' ] && COMP_WORDS+=('')
COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
function=$(complete -p reloadd | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" reloadd "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""What bash itself does when the key is pressed (bash(1), Programmable Completion)."""


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """A directory with a profile that a daemon runs, an own profile of the user, and the command on PATH."""
    directory = tmp_path_factory.mktemp("completion")
    write_files(
        directory, {"home/.config/reloadd/shop.toml": "", "work/dev.toml": '[target]\ncommand = ["sleep", "600"]\n'}
    )
    (directory / "run").mkdir(mode=0o700)
    environ = {
        "HOME": str(directory / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_RUNTIME_DIR": str(directory / "run"),
        "TERM": "xterm",
    }
    with RunningDaemon(directory / "work", "--profile", "dev.toml", "-v", environ=environ) as daemon:
        daemon.wait_for("control.opened")
        yield directory / "work", environ


def write_script(shell: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The shell's script, as its user would keep it."""
    assert main(["completion", shell]) == 0
    script = directory.parent / shell / "completion"
    script.parent.mkdir(exist_ok=True)
    script.write_text(capsys.readouterr().out)
    return script


def run(command: list[str], directory: Path, environ: Mapping[str, str]) -> list[str]:
    """The lines that a shell prints; it has nothing to complain of."""
    result = subprocess.run(
        command, cwd=directory, env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert result.stderr == ""
    return [line for line in result.stdout.splitlines() if line]


def test_bash_completes(surroundings: tuple[Path, Mapping[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    """At each place."""
    directory, environ = surroundings
    script = write_script("bash", directory, capsys)
    for line, offered in PLACES.items():
        code = BASH.replace("completion", shlex.quote(str(script)), 1)
        found = run(["bash", "--norc", "-c", code, "bash", line], directory, environ)

        assert {word.strip() for word in found} == offered, line


@needs_fish
def test_fish_completes(surroundings: tuple[Path, Mapping[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    """At each place; what stands behind a tab is the description."""
    directory, environ = surroundings
    script = write_script("fish", directory, capsys)
    for line, offered in PLACES.items():
        code = f"source {shlex.quote(str(script))}; complete -C {shlex.quote(line)}"
        found = run(["fish", "--no-config", "-c", code], directory, environ)

        assert {each.partition("\t")[0] for each in found} == offered, line


@needs_zsh
def test_zsh_completes(surroundings: tuple[Path, Mapping[str, str]]) -> None:
    """In a real terminal, where the key is pressed: a command, a choice, a file, an own profile, one that runs."""
    directory, environ = surroundings
    with Screen(directory, command=("zsh", "-f", "-i"), environ=environ) as screen:
        screen.type("autoload -Uz compinit && compinit -u -D && eval \"$(reloadd completion zsh)\" && echo rea''dy\n")
        screen.wait_for("ready\r\n")
        for typed, completed in {
            "reloadd expl": "ain",
            "reloadd check --output j": "son",
            "reloadd check de": "v.toml",
            "reloadd check sh": "op",
            "reloadd restart d": "ev",
        }.items():
            screen.type(f"{typed}\t")
            screen.wait_for(completed)
            screen.type("\x15")
        screen.type("exit\n")
        screen.wait_ended()


def test_a_script_names_no_path_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """It may be kept with one's settings, and used elsewhere."""
    for shell in ("bash", "zsh", "fish"):
        main(["completion", shell])
        text = capsys.readouterr().out
        assert os.getcwd() not in text  # noqa: PTH109 - as text
        assert sys.prefix not in text


def test_names_are_none_where_no_daemon_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is said of that to somebody who is in the middle of a line."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    assert main(["completion", "names"]) == 0
    assert capsys.readouterr() == ("", "")


def test_names_are_those_of_which_something_was_kept_where_no_daemon_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For `reloadd logs`, which needs none."""
    write_files(tmp_path, {"dev.toml": '[target]\ncommand = ["sleep", "600"]\n'})
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with RunningDaemon(tmp_path, "--profile", "dev.toml", environ=dict(os.environ)) as daemon:
        daemon.wait_for("child.ready")

    assert main(["completion", "names"]) == 0
    assert capsys.readouterr() == ("dev\n", "")


def test_an_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert main(["completion", "csh"]) == 2
    assert "no choice `csh`, expected `bash`, `zsh` or `fish`\n" in capsys.readouterr().err
