"""The verb that needs no name: run the profiles until told to stop.

Puts the daemon into the surroundings of a command line: streams, terminal, log form, exit status. Never decides what
runs.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd import __version__
from reloadd.bus import Bus
from reloadd.cli.taken import with_daemon
from reloadd.cli.top import LogFormat, RunOptions
from reloadd.colour import wants_colour
from reloadd.control.opening import opened
from reloadd.core.records import Level
from reloadd.daemon import Daemon
from reloadd.log import Form, Log
from reloadd.profile.accept import is_usable
from reloadd.profile.load import Source
from reloadd.profile.problems import draw
from reloadd.reloading import CannotStartError, problem_of
from reloadd.service.journal import SystemdJournal, is_journal
from reloadd.supervise.console import Console
from reloadd.terminal import Writer, is_foreground, keys_at_once
from reloadd.workers import end_workers, start_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reloadd.core.records import Record
    from reloadd.profile.accept import Read
    from reloadd.profile.problems import Problem

_STOPPED, _FAILED, _WRONG = 0, 1, 2
"""Exit status: stopped as asked; the daemon failed, also for want of an address; no profile is right."""

_STDIN, _STDOUT, _STDERR = 0, 1, 2

_WORKERS = 4
"""Threads for what is read beside watching: ledgers, profiles, /proc. Each is done with that within milliseconds."""


def run(options: RunOptions) -> int:
    """Run until a signal ends it; returns the exit status."""
    directory = Path.cwd()
    source = Source(tuple(options.profiles), dict(os.environ), directory, Path(sys.executable))
    read = source.read()
    loaded = source.accept(read)
    if not is_usable(read, loaded):
        _show(loaded.problems, directory)
        return _WRONG
    try:
        asyncio.run(_serve(options, source, read, is_alone=len(loaded.accepted) == 1))
    except CannotStartError as error:
        taken = [
            with_daemon(problem_of(each), str(each.cause.listen.address), each.cause.holder, source.environ)
            for each in error.taken
        ]
        _show([*error.wrong, *taken], directory)
        return _FAILED
    return _STOPPED


async def _serve(options: RunOptions, source: Source, read: Read, *, is_alone: bool) -> None:
    loop = asyncio.get_running_loop()
    workers = start_workers(_WORKERS, "work")
    loop.set_default_executor(workers)
    with ExitStack() as stack:
        writer = Writer(output=_STDOUT, log=_STDERR)
        stack.callback(writer.close)
        bus = Bus()
        bus.subscribe(_log(options, writer, bus, stack))
        keyboard = _STDIN if is_alone and _has_person() else None
        if keyboard is not None:
            set_again = stack.enter_context(keys_at_once(keyboard))
            # The shell takes the terminal back while we are stopped (Ctrl-Z), with modes of its own.
            loop.add_signal_handler(signal.SIGCONT, set_again)
        console = Console(
            writer,
            screen=_STDOUT if os.isatty(_STDOUT) else None,
            keyboard=keyboard,
            colour=wants_colour(sys.stdout, os.environ),
        )
        stack.callback(console.close)
        daemon = Daemon(source, read, bus=bus, console=console, environ=source.environ)
        async with opened(daemon, bus, version=__version__, environ=source.environ, directory=source.directory):
            await daemon.run()
    if not end_workers(workers):
        # All is closed, and the interpreter would wait for a file system that may never answer.
        os._exit(_STOPPED)


def _has_person() -> bool:
    """Whether somebody sits at the terminal that we read from and print to."""
    return is_foreground(_STDIN) and os.isatty(_STDOUT)


def _log(options: RunOptions, writer: Writer, bus: Bus, stack: ExitStack) -> Callable[[Record], None]:
    lowest = Level.DEBUG if options.verbosity else Level.INFO
    match options.log:
        case LogFormat.CONSOLE:
            form = Form.CONSOLE
        case LogFormat.JSON:
            form = Form.JSON
        case LogFormat.AUTO if is_journal(_STDERR, os.environ):
            journal = SystemdJournal(bus.publish, lowest=lowest)
            stack.callback(journal.close)
            return journal
        case LogFormat.AUTO:
            form = Form.CONSOLE if sys.stderr.isatty() else Form.JSON
    return Log(
        writer.write_log,
        form=form,
        lowest=lowest,
        colour=form is Form.CONSOLE and wants_colour(sys.stderr, os.environ),
    )


def _show(problems: Sequence[Problem], directory: Path) -> None:
    sys.stderr.write(draw(problems, directory=directory, colour=wants_colour(sys.stderr, os.environ)) + "\n")
