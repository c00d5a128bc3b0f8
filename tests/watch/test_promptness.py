"""What the threads that pass events on ask of the scheduler: proc_pid_sched says what they have."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from reloadd.watch.promptness import SLICE_NS, ask_for_short_slice

if TYPE_CHECKING:
    from collections.abc import Callable

_SLICE = re.compile(r"^se\.slice\s*:\s*(\d+)", re.MULTILINE)
_T = TypeVar("_T")


def slice_of(process: str) -> int | None:
    """Nanoseconds that a thread may run for at a time; None where the kernel does not tell."""
    file = Path("/proc", process, "sched")
    found = _SLICE.search(file.read_text()) if file.exists() else None
    return int(found[1]) if found else None


USUAL = slice_of("thread-self")


def in_thread(job: Callable[[], _T]) -> _T:
    """What a job returns in a thread of its own, which ends with it."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(job).result()


@pytest.mark.skipif(USUAL is None, reason="this kernel has no slices, or does not tell of them")
def test_a_thread_gets_a_short_slice_that_it_does_not_hand_on() -> None:
    """Neither the threads nor the processes that it starts have it"""

    def job() -> tuple[int | None, int | None, int | None]:
        assert ask_for_short_slice()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            of_child = slice_of(f"{child.pid}")
            child.kill()
        return slice_of("thread-self"), in_thread(lambda: slice_of("thread-self")), of_child

    assert in_thread(job) == (SLICE_NS, USUAL, USUAL)
    assert slice_of("thread-self") == USUAL


@pytest.mark.skipif(sys.platform != "linux", reason="these policies are Linux's")
def test_a_thread_that_somebody_gave_another_policy_is_left_alone() -> None:
    """It keeps the policy, and is not said to have got what it did not ask for"""

    def job() -> tuple[bool, int]:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return ask_for_short_slice(), os.sched_getscheduler(0)

    assert in_thread(job) == (False, os.SCHED_BATCH)
