"""The verb `service`, where there is no manager to tell: its options, its files, its words."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.cli.parser import OutputFormat, UsageError
from reloadd.cli.service import Deed, ServiceOptions, parse

if TYPE_CHECKING:
    from pathlib import Path

HELP = """\
usage: reloadd service install|uninstall|status [options]

Have systemd run reloadd for you, with all profiles in ~/.config/reloadd
(`reloadd`) or a single one of them (`reloadd@NAME`).

positional arguments:
  install|uninstall|status  what to do

options:
  -h, --help                show this help message and exit
  --hardened                install: take rights from the apps that few need
  --socket                  install: a socket unit with the profiles' addresses
  --output text|json        how to answer (default: text)

examples:
  reloadd service install           then: systemctl --user enable --now reloadd
  reloadd service install --socket  systemd listens, and starts it at need
  reloadd service status            what runs, and from where

exit status:
  0  done, or it runs            2  an argument or a profile is wrong
  1  a file cannot be written    3  `status`: it does not run
"""


def service(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verb for a user without a manager."""
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    words = [sys.executable, "-m", "reloadd", "service", *arguments]
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=False)


def test_options() -> None:
    """What is to be done is a word; the rest are options."""
    assert parse(["install", "--socket"]) == ServiceOptions(
        Deed.INSTALL, hardened=False, socket=True, output=OutputFormat.TEXT
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "what is to be done with the service?"),
        (["instal"], "no choice `instal`, expected `install`, `uninstall` or `status`"),
        (["status", "--socket"], "`--socket` goes with `install` only"),
    ],
)
def test_wrong_words(words: list[str], message: str) -> None:
    """They are told with what was expected."""
    with pytest.raises(UsageError, match=r".") as raised:
        parse(words)

    assert message in raised.value.message


def test_help(tmp_path: Path) -> None:
    """It shows what there is to do, and what comes after it."""
    assert service(tmp_path, "--help").stdout == HELP


def test_files_are_written_without_a_manager_too(tmp_path: Path) -> None:
    """That nobody was told of them is an error all the same."""
    result = service(tmp_path, "install")

    units = tmp_path / ".config" / "systemd" / "user"
    assert result.stdout.splitlines() == [
        f"wrote {units / 'reloadd.service'}",
        f"wrote {units / 'reloadd@.service'}",
        f"wrote {tmp_path}/.config/reloadd/service.env",
    ]
    assert result.stderr.startswith("error: no service manager was told of it: ")
    assert result.returncode == 1
    assert service(tmp_path, "status").returncode == 3
    assert service(tmp_path, "uninstall").returncode == 0


def test_that_there_is_no_manager_is_no_error_where_nothing_is_installed(tmp_path: Path) -> None:
    """As `reloadd doctor` has it: nobody needs one. What is installed and cannot run is one."""
    before = service(tmp_path, "status")
    service(tmp_path, "install")
    after = service(tmp_path, "status")

    assert (before.returncode, before.stderr, after.returncode, after.stdout) == (3, "", 3, "")
    assert before.stdout.startswith("not installed, and no service manager answers: start reloadd by hand")
    assert after.stderr.startswith("error: no service manager answers: ")


def test_a_socket_unit_needs_an_address(tmp_path: Path) -> None:
    """A port that is only known once it is bound is none."""
    profiles = tmp_path / ".config" / "reloadd"
    profiles.mkdir(parents=True)
    (profiles / "web.py").write_text("")
    (profiles / "web.toml").write_text('[target]\napp = "web:app"\n[listen]\nhttp = "127.0.0.1:0"\n')
    result = service(tmp_path, "install", "--socket")

    assert result.stderr == (
        "error: no profile listens at an address of its own\n  = hint: give one a `listen.http` with a port\n"
    )
    assert (result.returncode, result.stdout) == (2, "")
