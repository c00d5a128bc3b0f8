"""Parked children as the daemon starts them: told to `park` first, and to `go` when they wait."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

from tests.support.booting import booted

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reloadd.runtime import wire
    from tests.support.booting import BootedChild, Go


@contextlib.contextmanager
def parked(
    python: Path | str | Sequence[str],
    go: Go,
    *modules: str,
    directory: Path,
    overlay: Mapping[str, str | None] | None = None,
    zygote: bool = False,
    ledger: Path | None = None,
    environ: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    listeners: Mapping[str, socket.socket] | None = None,
) -> Iterator[BootedChild]:
    """A child that was told to import `modules` and to wait; it has said nothing yet that was listened to."""
    park: Go = {
        **go,
        "word": "park",
        "modules": list(modules),
        "environ": dict(overlay or {}),
        "zygote": zygote,
        "ledger": None if ledger is None else {"path": str(ledger), "audit": True},
    }
    with booted(python, park, directory=directory, environ=environ, stdin=stdin, listeners=listeners) as child:
        yield child


def until_parked(child: BootedChild) -> wire.Frame:
    """Wait for `parked`; fail with what was said instead."""
    frame = child.next_word()
    assert frame is not None, child.outcome()
    assert frame["word"] == "parked", frame
    return frame


def until_unfit(child: BootedChild) -> dict[str, tuple[str, str]]:
    """Wait for `unfit`; each module that failed, with the kind of its failure and the reason."""
    frame = child.next_word()
    assert frame is not None, child.outcome()
    assert frame["word"] == "unfit", frame
    return {each["module"]: (each["kind"], each["reason"]) for each in frame["failures"]}


def go_now(child: BootedChild, go: Go) -> None:
    """Tell it to go, and wait until it has heard."""
    child.tell("go", **go, listeners=[], terminal=False)
    frame = child.next_word()
    assert frame is not None, child.outcome()
    assert frame["word"] == "started", frame


def looked_up(lines: Iterable[wire.Frame]) -> list[str]:
    """The modules that a ledger tells of, in the order of their first look-up: what is found was sought just before."""
    return list(dict.fromkeys(line["name"] for line in lines if line["word"] in {"sought", "found"}))
