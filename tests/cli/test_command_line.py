"""What the words after `reloadd` mean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reloadd import __version__
from reloadd.cli import check, main, top
from reloadd.cli.check import CheckOptions
from reloadd.cli.parser import OutputFormat
from reloadd.cli.top import LogFormat, RunOptions
from reloadd.cli.verbs import VERBS, Verb

NARROWEST_TERMINAL = 80
"""Columns that help may take."""

COMMANDS = "\n".join(f"  {verb.name:<{max(map(len, VERBS)) + 3}}{verb.summary}" for verb in VERBS.values())

HELP = f"""\
usage: reloadd [--profile PROFILE]... [options]
       reloadd COMMAND [options]

Run apps under supervision and restart each one when its files change.

options:
  -h, --help               show this help message and exit
  --profile PROFILE        a profile to run: a file, a directory of profiles, or
                           the name of one in ~/.config/reloadd; repeat it to
                           run several apps, -p for short (default: all in
                           ~/.config/reloadd)
  --log auto|console|json  how to write the log (default: console on a terminal,
                           entries of the journal in a service, json elsewhere)
  -v, --verbose            say more
  --version                print the version

commands:
{COMMANDS}

examples:
  reloadd --profile dev.toml                 run one app until Ctrl-C
  reloadd --profile shop.toml --profile api.toml
  reloadd check profiles/                    say what is wrong, start nothing

exit status:
  0  done, or stopped as asked
  1  the daemon failed, or an address is taken
  2  no profile is right, or an argument is wrong
  3  no daemon answers

A profile's keys are described in profiles/README.md.
"""

CHECK_HELP = """\
usage: reloadd check [PROFILE]... [options]

Read profiles and report every problem in them. Nothing is started.

positional arguments:
  PROFILE             a file, a directory of profiles, or the name of one in
                      ~/.config/reloadd (default: all in ~/.config/reloadd)

options:
  -h, --help          show this help message and exit
  --output text|json  how to answer (default: text)

examples:
  reloadd check profiles/                    every profile in a directory
  reloadd check dev.toml --output json       for programs

exit status:
  0  all profiles are right    2  a profile or an argument is wrong
"""


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], RunOptions(profiles=(), log=LogFormat.AUTO, verbosity=0)),
        (["--profile", "dev.toml"], RunOptions(("dev.toml",), LogFormat.AUTO, 0)),
        (["-p", "a", "--profile=b/", "-pc"], RunOptions(("a", "b/", "c"), LogFormat.AUTO, 0)),
        (["--log", "json", "-vv"], RunOptions((), LogFormat.JSON, 2)),
        (["--profile", "check"], RunOptions(("check",), LogFormat.AUTO, 0)),
    ],
)
def test_words_are_read_as_options(words: list[str], options: RunOptions) -> None:
    """Running needs no verb."""
    assert top.parse(words) == options


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], CheckOptions(profiles=(), output=OutputFormat.TEXT)),
        (["a.toml", "--output", "json", "b/"], CheckOptions(("a.toml", "b/"), OutputFormat.JSON)),
    ],
)
def test_the_verb_check_has_options_of_its_own(words: list[str], options: CheckOptions) -> None:
    """They stand with the verb."""
    assert check.parse(words) == options


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--log", "xml"], "`--log`: no choice `xml`, expected `auto`, `console` or `json`", "see `reloadd --help`"),
        (["--log"], "`--log`: expected one argument", "see `reloadd --help`"),
        (["--profil", "x"], "unknown option `--profil`", "did you mean `--profile`?"),
        (["--verbos=1"], "unknown option `--verbos=1`", "did you mean `--verbose`?"),
        (["--zzz"], "unknown option `--zzz`", "see `reloadd --help`"),
        (["chekc"], "unknown command `chekc`", "did you mean `check`?"),
        (["dev.toml"], "unknown command `dev.toml`", "write `reloadd --profile dev.toml` to run a profile"),
        (["web"], "unknown command `web`", "write `--profile web` to run a profile, or see `reloadd --help`"),
        (["-v", "check"], "`check` stands after options", "write `reloadd check ...`, options after it"),
        (["check", "--log", "json"], "unknown option `--log`", "see `reloadd check --help`"),
        (["explain"], "`PATH` is missing", "see `reloadd explain --help`"),
        (["completion"], "`bash|zsh|fish` is missing", "see `reloadd completion --help`"),
        (
            ["check", "--output", "yaml"],
            "`--output`: no choice `yaml`, expected `text` or `json`",
            "see `reloadd check --help`",
        ),
    ],
)
def test_wrong_words_are_told_with_what_to_write(
    words: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command line that cannot be understood says so in the manner of a wrong profile."""
    assert main(words) == 2

    assert capsys.readouterr() == ("", f"error: {message}\n  = hint: {hint}\n")


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_each_verb_can_be_asked_for_help(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    """Its help says how it is written, shows two examples at least, names its exit statuses, and fits a terminal."""
    with pytest.raises(SystemExit) as caught:
        main([verb.name, "--help"])

    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert text.startswith(f"usage: reloadd {verb.name} ")
    assert text.partition("examples:\n")[2].count(f"  reloadd {verb.name}") >= 2
    assert "exit status:\n  0  " in text
    assert [line for line in text.splitlines() if len(line) > NARROWEST_TERMINAL] == []


def test_wrong_words_end_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """The message goes to stderr, nothing to stdout."""
    assert main(["--loud"]) == 2

    assert capsys.readouterr() == ("", "error: unknown option `--loud`\n  = hint: did you mean `--log`?\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [(["--help"], HELP), (["check", "-h"], CHECK_HELP), (["--version"], f"reloadd {__version__}\n")],
)
def test_help_and_version_are_printed(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are asked for, so they go to stdout and end well."""
    with pytest.raises(SystemExit) as caught:
        main(words)

    assert caught.value.code == 0
    assert capsys.readouterr() == (text, "")


def test_a_full_disk_is_an_error_in_words() -> None:
    """What cannot be written is said where it can, without a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reloadd", "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: standard output cannot be written: no space left on device",
        "  = hint: make room, or write it elsewhere",
    ]
