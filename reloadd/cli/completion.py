"""The verb `completion`: print the script by which a shell completes reloadd's commands.

shtab makes it from the parsers of all verbs. The script is static, so completing costs no start of reloadd, except for
the names of profiles that run, which only the daemons know.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING

import shtab

from reloadd.cli import top
from reloadd.cli.daemons import all_daemons
from reloadd.cli.kept import kept_of
from reloadd.cli.parser import CommandError, make_parser, member, parse_all
from reloadd.cli.verbs import VERBS
from reloadd.control import protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.cli.verbs import Verb


class What(Enum):
    """What is printed: a shell's script, or the names that the scripts ask for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    NAMES = "names"


_EPILOG = """\
bash: eval "$(reloadd completion bash)"        in ~/.bashrc
zsh:  eval "$(reloadd completion zsh)"         in ~/.zshrc, after compinit
fish: reloadd completion fish | source         in ~/.config/fish/config.fish

The scripts themselves ask for `names`: the profiles that run, one a line; if
none does, those whose logs were kept.

examples:
  reloadd completion bash > ~/.local/share/bash-completion/completions/reloadd
  reloadd completion zsh > ~/.zfunc/_reloadd   with ~/.zfunc in fpath

exit status:
  0  it was printed    2  an argument is wrong
"""

_OWN = "${XDG_CONFIG_HOME:-$HOME/.config}/reloadd"

_PREAMBLES = {
    "bash": f"""
_reloadd_names() {{
  compgen -W "$(reloadd completion names 2>/dev/null)" -- "$1"
}}
_reloadd_profiles() {{
  compgen -f -- "$1"
  compgen -W "$(for each in "{_OWN}"/*.toml; do [ -e "$each" ] && basename "$each" .toml; done)" -- "$1"
}}
""",
    "zsh": f"""
_reloadd_names() {{
  local -a names
  names=(${{(f)"$(reloadd completion names 2>/dev/null)"}})
  compadd -a names
}}
_reloadd_profiles() {{
  local -a own
  own=({_OWN}/*.toml(N:t:r))
  _files
  compadd -a own
}}
""",
    "fish": """
function _reloadd_names
  reloadd completion names 2>/dev/null
end
function _reloadd_profiles
  __fish_complete_path (commandline -ct)
  set -l own $HOME/.config/reloadd
  if set -q XDG_CONFIG_HOME
    set own $XDG_CONFIG_HOME/reloadd
  end
  for each in $own/*.toml
    basename $each .toml
  end
end
""",
}


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd completion",
        usage="reloadd completion bash|zsh|fish",
        description="Print the script by which a shell completes commands, options, files and names.",
        epilog=_EPILOG,
    )
    parser.add_argument("what", metavar="bash|zsh|fish", type=member(What, unlisted=(What.NAMES,)), help="the shell")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    what: What = parse_all(make(), arguments).what
    if what is What.NAMES:
        sys.stdout.write("".join(f"{name}\n" for name in _names()))
        return 0
    sys.stdout.write(shtab.complete(whole_parser(), shell=what.value, preamble=_PREAMBLES[what.value]) + "\n")
    return 0


def _names() -> list[str]:
    """The profiles that run, else those of which something was kept.

    A shell that completes has no use for the reason why there are none.
    """
    with suppress(CommandError), all_daemons(os.environ, None) as daemons:
        return sorted({name for daemon in daemons for name in daemon.names})
    with suppress(CommandError):
        return sorted({kept.profile for kept in kept_of((), os.environ) if kept.profile is not None})
    return []


def whole_parser() -> argparse.ArgumentParser:
    """All commands as one parser, for reading only: each verb is parsed by its own."""
    whole = argparse.ArgumentParser("reloadd", parents=[top.make()], add_help=False)
    verbs = whole.add_subparsers()
    for verb in VERBS.values():
        made = _parser_of(verb)
        verbs.add_parser(verb.name, help=verb.summary, description=verb.summary, parents=[made], add_help=False)
    for parser in (whole, *verbs.choices.values()):
        for action in parser._actions:  # noqa: SLF001 - there is no public list
            _let_complete(action)
    return whole


def _parser_of(verb: Verb) -> argparse.ArgumentParser:
    module = import_module(f"reloadd.cli.{verb.module}")
    makes_several = verb.function != "main"
    made: argparse.ArgumentParser = module.make(protocol.Verb(verb.name)) if makes_several else module.make()
    return made


_KINDS: dict[str, shtab.CompleteType] = {
    "PROFILE": {"bash": "_reloadd_profiles", "zsh": "_reloadd_profiles", "fish": "(_reloadd_profiles)"},
    "NAME": {"bash": "_reloadd_names", "zsh": "_reloadd_names", "fish": "(_reloadd_names)"},
    "DIR": shtab.DIRECTORY,
    "PATH": shtab.FILE,
}
"""How the values of arguments are completed, by what they are called in the help."""


def _let_complete(action: argparse.Action) -> None:
    """Say how an argument's values are completed."""
    if not isinstance(action.metavar, str):
        return
    if "|" in action.metavar:
        action.choices = action.metavar.split("|")
    elif action.metavar in _KINDS:
        action.complete = _KINDS[action.metavar]  # type: ignore[attr-defined]  # what shtab reads
