"""The process that outlives the daemon by a moment, to end all that the daemon started.

Run by path with `python -I -S`: `guardian.py MARK`, in a session of its own and with the signals blocked that would end
it before its work is done. It reads lines from its standard input: `+PGID` when a process group was started, `-PGID`
when it is gone. At the end of the input, which the kernel guarantees even when the daemon is killed with SIGKILL, it
kills each group it knows, then whatever still carries MARK in its environment: a process that left its group
(setsid(2)) keeps that. Never imports anything of reloadd, and never acts while its input is open.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

_SWEEP_TIME = 1.0
"""Seconds for which new processes of the same mark are looked for: one may have been forking when it was looked at."""

_SWEEP_PAUSE = 0.02
_QUIET_ROUNDS = 2


def main(mark: str) -> None:
    """Wait for the end of the input, then kill."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        _kill(os.killpg, group)
    deadline = time.monotonic() + _SWEEP_TIME
    wanted = mark.encode()
    quiet_rounds = 0
    while quiet_rounds < _QUIET_ROUNDS and time.monotonic() < deadline:
        found = _marked(wanted)
        for pid in found:
            _kill(os.kill, pid)
        quiet_rounds = 0 if found else quiet_rounds + 1
        time.sleep(_SWEEP_PAUSE)


def _kill(how: object, number: int) -> None:
    try:
        how(number, signal.SIGKILL)  # type: ignore[operator]
    except OSError:
        # Gone already, or not ours any more.
        return


def _marked(mark: bytes) -> list[int]:
    """The processes whose environment holds the mark, zombies excepted (proc(5)); none where there is no /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if mark in environment.split(b"\0"):
            found.append(int(entry.name))
    return found


if __name__ == "__main__":
    main(sys.argv[1])
