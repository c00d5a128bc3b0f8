"""The verb `service`: have systemd run reloadd for the whole login, or no longer.

Never starts the service: that is systemd's to do, and the user's to say.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.cli.parser import CommandError, OutputFormat, UsageError, add_output, make_parser, member, parse_all
from reloadd.cli.service_status import show_status
from reloadd.colour import wants_colour
from reloadd.core.reasons import reason_of
from reloadd.profile.discover import configuration_directory
from reloadd.profile.load import load_profiles
from reloadd.profile.model import TcpAddress, UnixAddress
from reloadd.profile.problems import draw
from reloadd.service.installation import SERVICES, SOCKET, Installation, NotOursError, Touched, Wanted
from reloadd.service.systemctl import is_lingering, systemctl, systemd_version
from reloadd.supervise.listeners import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from reloadd.profile.model import Address

_DONE, _WRONG = 0, 2

_EPILOG = """\
examples:
  reloadd service install           then: systemctl --user enable --now reloadd
  reloadd service install --socket  systemd listens, and starts it at need
  reloadd service status            what runs, and from where

exit status:
  0  done, or it runs            2  an argument or a profile is wrong
  1  a file cannot be written    3  `status`: it does not run
"""


class Deed(Enum):
    """What is to be done."""

    INSTALL = "install"
    UNINSTALL = "uninstall"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """`reloadd service`: have systemd run reloadd.

    Attributes:
        deed: what is to be done.
        hardened: `install` the hardening drop-in too.
        socket: `install` a socket unit with the profiles' addresses too.
        output: how `status` answers.
    """

    deed: Deed
    hardened: bool
    socket: bool
    output: OutputFormat


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    options = parse(arguments)
    installation = Installation(configuration_directory(os.environ).parent)
    match options.deed:
        case Deed.INSTALL:
            return _install(installation, options)
        case Deed.UNINSTALL:
            return _uninstall(installation)
        case Deed.STATUS:
            return show_status(installation, options.output)


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd service",
        usage="reloadd service install|uninstall|status [options]",
        description="Have systemd run reloadd for you, with all profiles in ~/.config/reloadd\n"
        "(`reloadd`) or a single one of them (`reloadd@NAME`).",
        epilog=_EPILOG,
    )
    parser.add_argument("deed", metavar="install|uninstall|status", nargs="?", type=member(Deed), help="what to do")
    parser.add_argument("--hardened", action="store_true", help="install: take rights from the apps that few need")
    parser.add_argument("--socket", action="store_true", help="install: a socket unit with the profiles' addresses")
    add_output(parser)
    return parser


def parse(arguments: Sequence[str]) -> ServiceOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    if found.deed is None:
        raise UsageError("what is to be done with the service?", "write `reloadd service install`, or see `--help`")
    for option in ("hardened", "socket"):
        if getattr(found, option) and found.deed is not Deed.INSTALL:
            raise UsageError(f"`--{option}` goes with `install` only", "see `reloadd service --help`")
    return ServiceOptions(found.deed, found.hardened, found.socket, found.output)


# Installing.


def _install(installation: Installation, options: ServiceOptions) -> int:
    listen: tuple[str, ...] = ()
    if options.socket:
        loaded = load_profiles([], environ=os.environ, directory=Path.cwd(), interpreter=Path(sys.executable))
        if loaded.problems:
            colour = wants_colour(sys.stderr, os.environ)
            sys.stderr.write(draw(loaded.problems, directory=Path.cwd(), colour=colour) + "\n")
            return _WRONG
        listen = _streams(each.address for profile in loaded.profiles for each in profile.listen)
        if not listen:
            raise UsageError("no profile listens at an address of its own", "give one a `listen.http` with a port")
    if not listen and installation.units / SOCKET in installation.ours():
        # Without its file, systemd would go on listening and could not be told to stop.
        systemctl("disable", "--now", SOCKET)
    wanted = Wanted(hardened=options.hardened, listen=listen, version=systemd_version())
    try:
        touched = installation.install(wanted, os.environ)
    except NotOursError as error:
        raise CommandError(str(error), "keep it and write no other, or move it away and try again") from error
    except OSError as error:
        raise CommandError(f"`{error.filename}` cannot be written: {reason_of(error)}", "see who owns it") from error
    _tell(touched)
    reloaded = systemctl("daemon-reload")
    if not reloaded.is_done:
        hint = "log in anew, or start `systemd --user`"
        raise CommandError(f"no service manager was told of it: {reloaded.error}", hint)
    unit = SOCKET if listen else SERVICES[0]
    sys.stdout.write(f"start it, now and at each login: systemctl --user enable --now {unit}\n")
    if not is_lingering():
        sys.stdout.write("keep it between logins: loginctl enable-linger\n")
    return _DONE


def _streams(addresses: Iterable[Address]) -> tuple[str, ...]:
    """The addresses as `ListenStream=` has them; those that are only known once they are bound are left out."""
    found = []
    for address in addresses:
        match address:
            case TcpAddress(port=0):
                continue
            case TcpAddress(host, port):
                try:
                    _, (number, *_) = resolve(host, port)
                except OSError:
                    continue
                found.append(str(TcpAddress(number, port)))
            case UnixAddress(path):
                found.append(str(path))
    return tuple(dict.fromkeys(found))


def _uninstall(installation: Installation) -> int:
    units = [path.name for path in installation.ours() if path.suffix in {".service", ".socket"}]
    stoppable = [unit.replace("@.", "@*.") for unit in units]
    if stoppable:
        # Where there is no manager, nothing runs that would have to be stopped.
        systemctl("stop", *stoppable)
    try:
        touched = installation.uninstall()
    except OSError as error:
        message = f"`{error.filename}` cannot be removed: {reason_of(error)}"
        raise CommandError(message, "see who owns its directory") from error
    _tell(touched)
    systemctl("daemon-reload")
    if not touched:
        sys.stdout.write("nothing was installed\n")
    return _DONE


def _tell(files: Iterable[Touched]) -> None:
    for file in files:
        sys.stdout.write(f"{file.fate.value} {file.path}\n")
