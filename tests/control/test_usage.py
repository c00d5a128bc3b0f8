"""What the processes of an app use."""

from __future__ import annotations

import subprocess
import sys

from reloadd.control.usage import measure

FAMILY = """
import subprocess, sys, time
while time.process_time() < 0.05:  # the kernel counts in hundredths of a second
    pass
code = "print('up', flush=True); input()"
inner = subprocess.Popen([sys.executable, "-c", code], stdin=sys.stdin, start_new_session=True)
inner.wait()
"""


def test_it_counts_a_leader_and_all_that_it_started() -> None:
    """Also what left its session; an app whose processes are gone uses nothing."""
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        leader.stdout.readline()
        usage = measure({"web": [leader.pid], "gone": []})
        leader.communicate(b"\n")
    ended = measure({"web": [leader.pid]})

    assert usage["web"].processes == 2
    assert usage["web"].memory > 1_000_000
    assert usage["web"].cpu_s > 0
    assert usage["gone"].processes == 0
    assert (ended["web"].processes, ended["web"].memory) == (0, 0)
