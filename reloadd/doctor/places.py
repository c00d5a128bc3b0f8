"""The directories of one's own that reloadd writes to, and the sockets of the daemons that run.

Never makes a directory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.control.client import NoAnswerError, RefusedError, connect_all
from reloadd.control.places import PlaceError, runtime_directory
from reloadd.doctor.findings import Check, Verdict
from reloadd.history.places import state_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reloadd.control.client import Connection

_TOPIC = "places"


def check_places(environ: Mapping[str, str]) -> Iterator[Check]:
    """Whether each can be used as it is, or made."""
    yield _writable("state", state_directory(environ), "XDG_STATE_HOME")
    yield _writable("sockets", Path(runtime_directory(environ)), "XDG_RUNTIME_DIR")
    yield from _daemons(environ)


def _writable(subject: str, directory: Path, variable: str) -> Check:
    """A directory that exists must be ours to write in; one that does not must be ours to make."""
    nearest = directory
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    fix = f"sudo chown -R $USER {nearest}, or set {variable} to a directory of your own"
    if not nearest.is_dir():
        return Check(_TOPIC, subject, Verdict.BAD, f"{nearest} is no directory", f"set {variable} to another one")
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Check(_TOPIC, subject, Verdict.BAD, f"{nearest} cannot be written to", fix)
    return Check(_TOPIC, subject, Verdict.OK, str(directory) + ("" if nearest == directory else " (not made yet)"))


def _daemons(environ: Mapping[str, str]) -> Iterator[Check]:
    try:
        connections, silent = connect_all(environ)
    except PlaceError as error:
        yield Check(_TOPIC, "daemons", Verdict.BAD, error.message, error.hint)
        return
    for connection in connections:
        with connection:
            yield _daemon(connection)
    for each in silent:
        yield _silent(each)
    if not connections and not silent:
        yield Check(_TOPIC, "daemons", Verdict.OK, "none runs")


def _daemon(connection: Connection) -> Check:
    subject = f"daemon {connection.daemon}"
    try:
        status = connection.ask("status")
    except NoAnswerError as error:
        return _silent(error)
    except RefusedError as error:
        return Check(_TOPIC, subject, Verdict.BAD, f"refuses: {error}", "restart it: its version is another one")
    names = ", ".join(profile["name"] for profile in status["profiles"])
    trouble = status["daemon"]["history"]["error"]
    if trouble:
        return Check(_TOPIC, subject, Verdict.WARN, f"keeps no history: {trouble}", "make room, or set XDG_STATE_HOME")
    return Check(_TOPIC, subject, Verdict.OK, f"answers, and runs {names or 'nothing'}")


def _silent(error: NoAnswerError) -> Check:
    number = error.daemon.partition("-")[0]
    return Check(_TOPIC, f"daemon {error.daemon}", Verdict.BAD, f"does not answer: {error}", f"kill {number}")
