"""Checked values -> a `Profile`, with every default filled in and every path held to what is on the disk.

Never runs the interpreter, imports the app or binds a socket: that is tried when the daemon starts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.policy import Backoff, Handover
from reloadd.profile import schema
from reloadd.profile.draft import Draft
from reloadd.profile.findings import Inspection, RefusedError
from reloadd.profile.formats import read_profile_name
from reloadd.profile.launch import build_launch
from reloadd.profile.locate import Base, Wanted, is_file
from reloadd.profile.model import (
    Address,
    AppTarget,
    Launch,
    Listen,
    Profile,
    Ready,
    ReadyFinished,
    ReadyHttp,
    ReadyListening,
    ReadyStarted,
    ReadyTold,
    Restart,
    ScriptTarget,
    Tls,
    TlsAdhoc,
    TlsFiles,
    Warm,
    WatchSet,
)
from reloadd.profile.watched import ALWAYS_EXCLUDED, default_include, excluded_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reloadd.profile.check import Values

_DRAIN_SHARE = 0.8
"""Of `stop-timeout`: what is in flight gets so much of it, the rest is for the app's own end."""

STARTED_BY_DEFAULT = 0.3
"""Seconds after which a program that is handed no socket is taken to run."""


def build(inspection: Inspection, values: Values, *, environ: Mapping[str, str], interpreter: Path) -> Profile | None:
    """The profile; None if anything is wrong with it, all of which is then reported.

    Args:
        inspection: takes what is found to be wrong.
        values: what the document gives.
        environ: where `~` and `PATH` are looked up.
        interpreter: the daemon's own, for targets that have none.
    """
    file = inspection.document.file
    draft = Draft(inspection, values, Base(file.resolve().parent, environ), interpreter)
    name = _name(draft, file)
    launch = build_launch(draft)
    listen = tuple(Listen(socket, draft.address(("listen", socket), address)) for socket, address in values.sockets())
    tls = _tls(draft)
    roots = _roots(draft)
    ready = _ready(draft, launch, has_socket=bool(listen))
    if launch is None or inspection.problems:
        return None
    return Profile(
        file=file,
        name=name,
        launch=launch,
        listen=listen,
        tls=tls,
        watch=_watch(draft, launch, roots or (launch.directory,)),
        restart=_restart(draft, launch, ready),
        ready=ready,
        warm=Warm(
            mode=draft.default(schema.WARM_MODE),
            run_ahead=draft.default(schema.RUN_AHEAD),
            budget_mb=draft.default(schema.BUDGET),
        ),
        after=tuple(dict.fromkeys(draft.default(schema.AFTER))),
        restart_with=tuple(dict.fromkeys(draft.default(schema.RESTART_WITH))),
    )


def _name(draft: Draft, file: Path) -> str:
    name = draft.values.get(schema.NAME)
    if name is not None or draft.values.is_given(schema.NAME):
        return name or ""
    try:
        return read_profile_name(file.stem)
    except RefusedError as refused:
        for finding in refused.findings:
            draft.report(schema.NAME.path, finding)
        return ""


def _tls(draft: Draft) -> Tls | None:
    cert, key = draft.path(schema.TLS_CERT, Wanted.FILE), draft.path(schema.TLS_KEY, Wanted.FILE)
    if cert is not None and key is not None:
        return TlsFiles(cert, key)
    return TlsAdhoc() if draft.values.is_given(schema.TLS) else None


def _roots(draft: Draft) -> tuple[Path, ...]:
    """The roots that the profile names."""
    named = draft.values.get(schema.ROOTS) or ()
    return tuple(
        draft.path_at((*schema.ROOTS.path, index), text, Wanted.FILE_OR_DIRECTORY) for index, text in enumerate(named)
    )


def _watch(draft: Draft, launch: Launch, roots: tuple[Path, ...]) -> WatchSet:
    venvs = [] if launch.venv is None else [excluded_directory(root, launch.venv) for root in roots]
    return WatchSet(
        roots=tuple(dict.fromkeys((*roots, *_always_watched(launch)))),
        include=draft.values.get(schema.INCLUDE) or default_include(launch.target),
        exclude=(*ALWAYS_EXCLUDED, *filter(None, venvs), *draft.default(schema.EXCLUDE)),
        gitignore=draft.default(schema.GITIGNORE),
        imported=draft.default(schema.IMPORTED),
        backend=draft.default(schema.BACKEND),
        poll_interval=draft.default(schema.POLL_INTERVAL),
        settle=draft.values.get(schema.SETTLE),
    )


def _always_watched(launch: Launch) -> tuple[Path, ...]:
    """Files that matter wherever they lie and whatever they are called: as roots, no pattern is asked about them."""
    script = launch.target.path if isinstance(launch.target, ScriptTarget) else None
    return tuple(path for path in (script, launch.env_file) if path is not None and is_file(path))


def _restart(draft: Draft, launch: Launch, ready: Ready) -> Restart:
    tells = isinstance(launch.target, AppTarget) and isinstance(ready, ReadyTold)
    stop_timeout = draft.default(schema.STOP_TIMEOUT)
    drain_timeout = draft.values.get(schema.DRAIN_TIMEOUT)
    return Restart(
        on_exit=draft.default(schema.ON_EXIT),
        handover=draft.values.get(schema.HANDOVER) or (Handover.OVERLAP if tells else Handover.REPLACE),
        while_reloading=draft.default(schema.WHILE_RELOADING),
        stop_signal=draft.default(schema.STOP_SIGNAL),
        stop_timeout=stop_timeout,
        drain_timeout=_DRAIN_SHARE * stop_timeout if drain_timeout is None else drain_timeout,
        ready_timeout=draft.default(schema.READY_TIMEOUT),
        backoff=Backoff(
            first=draft.default(schema.BACKOFF_FIRST),
            factor=draft.default(schema.BACKOFF_FACTOR),
            most=draft.default(schema.BACKOFF_MOST),
            attempts=draft.default(schema.BACKOFF_ATTEMPTS),
        ),
    )


def _ready(draft: Draft, launch: Launch | None, *, has_socket: bool) -> Ready:
    values = draft.values
    path, seconds = values.get(schema.READY_HTTP), values.get(schema.STARTED)
    if path is not None:
        return ReadyHttp(path)
    if seconds is not None:
        return ReadyStarted(seconds)
    if values.is_given(schema.FINISHED):
        return ReadyFinished()
    listening = values.get(schema.LISTENING)
    if listening is not None:
        return ReadyListening(_address_to_try(draft, listening))
    if values.is_given(schema.TOLD) or (launch is not None and isinstance(launch.target, AppTarget)):
        return ReadyTold()
    return ReadyListening() if has_socket else ReadyStarted(STARTED_BY_DEFAULT)


def _address_to_try(draft: Draft, listening: Address | bool) -> Address | None:  # noqa: FBT001 - `true` as in TOML
    return None if isinstance(listening, bool) else draft.address(schema.LISTENING.path, listening)
