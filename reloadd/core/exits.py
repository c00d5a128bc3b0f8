"""How a process ended, and how that is said in words.

Never waits for a process: `supervise.child` does.
"""

from __future__ import annotations

from dataclasses import dataclass

RESTART_CODE = 3
"""The exit code by which a child asks to be started again: the convention of Werkzeug's and Django's reloaders."""

_CODE_WORDS = {
    0: "success",
    1: "failure",
    2: "wrong usage",
    RESTART_CODE: "asks to be started again",
    126: "not executable",
    127: "command not found",
}
"""What an exit code is taken to mean by convention (sysexits and POSIX shells)."""

_SIGNAL_WORDS = {
    "SIGABRT": "aborted",
    "SIGBUS": "bad memory access",
    "SIGFPE": "arithmetic error",
    "SIGHUP": "hung up",
    "SIGILL": "illegal instruction",
    "SIGINT": "interrupted",
    "SIGKILL": "killed, perhaps out of memory",
    "SIGPIPE": "wrote to a closed pipe",
    "SIGQUIT": "quit",
    "SIGSEGV": "segmentation fault",
    "SIGSYS": "forbidden system call",
    "SIGTERM": "terminated",
    "SIGTRAP": "trap",
    "SIGXCPU": "out of CPU time",
    "SIGXFSZ": "wrote too large a file",
}


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """Exactly one of an exit code (0 to 255) and the name of the signal that ended the process."""

    code: int | None = None
    signal: str | None = None

    def __post_init__(self) -> None:
        if (self.code is None) == (self.signal is None):
            raise ValueError(f"a process ends by a code or by a signal, not {self.code=} and {self.signal=}")

    @property
    def is_success(self) -> bool:
        """Whether the process said that it did what it was to do."""
        return self.code == 0

    @property
    def asks_again(self) -> bool:
        """Whether the process asked to be started again."""
        return self.code == RESTART_CODE

    def __str__(self) -> str:
        return f"code {self.code}" if self.code is not None else str(self.signal)

    @property
    def words_if_asked(self) -> str:
        """As `words`, of a process that we ended: then it is known who killed it."""
        return f"{self} (killed by reloadd)" if self.signal == "SIGKILL" else self.words

    @property
    def words(self) -> str:
        """The status with its conventional meaning, such as `SIGSEGV (segmentation fault)`."""
        meaning = _SIGNAL_WORDS.get(self.signal) if self.signal else _CODE_WORDS.get(self.code or 0)
        return f"{self} ({meaning})" if meaning else str(self)
