"""How soon a thread runs once there is something for it to do, where others keep all processors busy.

The kernel's scheduler lets a thread that wakes run before one with a longer slice has used that up, if it was asked for
a shorter one: EEVDF, since Linux 6.12. That gives nobody a larger share of the processor, and needs no privilege. Asks
for nothing else, and of no other thread than its own.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

SLICE_NS = 100_000
"""Nanoseconds: the shortest that the kernel grants; the usual one is 1 to 3 ms."""

_NUMBERS = {"x86_64": 314, "aarch64": 274}
"""sched_setattr(2) by machine: the C library has it since glibc 2.41 only."""

_ATTRIBUTES = struct.Struct("=IIQiIQQQ")
"""sched_setattr(2): size, policy, flags, nice value, priority, runtime, deadline, period."""

_RESET_ON_FORK = 0x01
"""Neither processes nor threads that are started later have the slice, which would make long work slower."""


def ask_for_short_slice() -> bool:
    """Have the calling thread run soon after it is woken; whether the kernel took the wish.

    Older kernels take it and do nothing. A thread with another policy, or with a nice value below 0, is left alone: it
    runs as somebody wanted it to, and would not hand that on to what it starts. Raises nothing.
    """
    number = _NUMBERS.get(os.uname().machine)
    # A program of 32 bits has other numbers on the same machine.
    if sys.platform != "linux" or number is None or sys.maxsize < 1 << 32:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    if os.sched_getscheduler(0) != os.SCHED_OTHER or nice < 0:
        return False
    wish = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, _RESET_ON_FORK, nice, 0, SLICE_NS, 0, 0)
    return not ctypes.CDLL(None).syscall(number, 0, wish, 0)
