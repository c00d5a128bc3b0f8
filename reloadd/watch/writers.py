"""Whether anybody has a file open for writing: what no event tells of a new file, and polling of none.

The kernel refuses a lease for reading on such a file: fcntl(2). One that is granted is given back at once; whoever
opens the file for writing meanwhile waits for these microseconds. Never reads a file.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

if sys.platform == "linux":
    import fcntl

    def is_being_written(path: str) -> bool | None:
        """Ask the kernel; None if that is not to be known: it is somebody else's file, or not a file any more.

        On a file system that another machine or a program answers for, the answer means nothing.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            # The signal to whoever holds a lease that another one waits for: this one is ignored by default.
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return True if error.errno == errno.EAGAIN else None
        finally:
            os.close(descriptor)
        return False

else:

    def is_being_written(path: str) -> bool | None:  # noqa: ARG001 - no other system has leases
        """Nobody knows."""
        return None
