"""A profile as the daemon uses it: every value checked, every default filled in, every path absolute.

Holds data and nothing else: `build` makes it, `supervise` and `watch` read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reloadd.core.policy import Backoff, Handover, OnExit, WhileReloading
    from reloadd.core.servers import Server


@dataclass(frozen=True, slots=True)
class AppTarget:
    """A WSGI or ASGI callable, served by a server of the app's own environment.

    Attributes:
        module: dotted name to import.
        attribute: dotted name in it.
        is_factory: whether the attribute is called, without arguments, to make the app.
        server: the server to use; None for the first that is installed and able.
        threads: size of the server's thread pool; None for the server's own default.
        processes: number of worker processes; None for one.
    """

    module: str
    attribute: str
    is_factory: bool = False
    server: Server | None = None
    threads: int | None = None
    processes: int | None = None

    @property
    def spelled(self) -> str:
        """The target as the profile spells it, such as `shop.main:create()`."""
        return f"{self.module}:{self.attribute}{'()' if self.is_factory else ''}"


@dataclass(frozen=True, slots=True)
class ModuleTarget:
    """Run as `python -m MODULE` does."""

    module: str


@dataclass(frozen=True, slots=True)
class ScriptTarget:
    """Run as `python PATH` does."""

    path: Path


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """Any program, looked up on PATH, started without a shell. `argv` is never empty."""

    argv: tuple[str, ...]


Target = AppTarget | ModuleTarget | ScriptTarget | CommandTarget


@dataclass(frozen=True, slots=True)
class Launch:
    """How the target is run.

    Attributes:
        target: what to run.
        args: arguments after the target; `sys.argv[1:]` for Python targets.
        python: the interpreter, not resolved: the link inside a virtual environment is what makes it one.
        venv: the virtual environment that `python` belongs to, whose `bin` is put first on the child's PATH.
        directory: the working directory.
        env: variables added to the daemon's own environment.
        env_file: a file of further variables, read anew at each start; `env` wins over it.
    """

    target: Target
    args: tuple[str, ...]
    python: Path
    venv: Path | None
    directory: Path
    env: Mapping[str, str]
    env_file: Path | None


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """Host (a name, IPv4 or IPv6 without brackets) and port; port 0 lets the kernel choose, once."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A socket in the file system."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = TcpAddress | UnixAddress


@dataclass(frozen=True, slots=True)
class Listen:
    """One socket that the daemon owns and hands down by name (`http`, or a name of the user's)."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its key, both PEM."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class TlsAdhoc:
    """A certificate made up at start, by servers that can."""


Tls = TlsFiles | TlsAdhoc


class Backend(Enum):
    """Where changes come from."""

    AUTO = "auto"
    EVENTS = "events"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class WatchSet:
    """What is watched, and how.

    Attributes:
        roots: absolute directories or files. They need not exist: a root that appears is noticed.
        include: globs of files that matter. Without a slash they match at any depth, `**` crosses directories.
        exclude: patterns in .gitignore's syntax, relative to each root; the defaults are already among them.
        gitignore: whether what .gitignore files name is left out.
        backend: events, polling, or chosen for each root.
        poll_interval: seconds between two looks, where polling is used.
        settle: seconds without a change that close a change set; None to follow the burst's own pace.
        imported: whether files that the app imports or reads outside the roots are watched as well.
    """

    roots: tuple[Path, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    gitignore: bool
    backend: Backend
    poll_interval: float
    settle: float | None
    imported: bool = True


@dataclass(frozen=True, slots=True)
class Restart:
    """When and how the child is ended and started again; times in seconds."""

    on_exit: OnExit
    handover: Handover
    while_reloading: WhileReloading
    stop_signal: str
    stop_timeout: float
    drain_timeout: float
    ready_timeout: float
    backoff: Backoff


@dataclass(frozen=True, slots=True)
class ReadyTold:
    """The child says so: our runtime does it when the server is about to accept."""


@dataclass(frozen=True, slots=True)
class ReadyListening:
    """The child accepts connections: at `address`, or at the first socket that the daemon owns."""

    address: Address | None = None


@dataclass(frozen=True, slots=True)
class ReadyHttp:
    """The child answers a GET of `path` at the `http` listener with a status below 400."""

    path: str


@dataclass(frozen=True, slots=True)
class ReadyStarted:
    """The child has run for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReadyFinished:
    """The child has ended with code 0."""


Ready = ReadyTold | ReadyListening | ReadyHttp | ReadyStarted | ReadyFinished


class Switch(Enum):
    """Whether something is done where it can be done soundly, or never."""

    AUTO = "auto"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Warm:
    """Whether children are prepared before they are needed.

    Attributes:
        mode: whether it is done at all.
        run_ahead: whether the user's own modules may be imported ahead.
        budget_mb: megabytes that all prepared processes of the profile may use.
    """

    mode: Switch
    run_ahead: Switch
    budget_mb: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One TOML file, one app.

    Attributes:
        file: the file it was read from, absolute.
        name: unique in a daemon; letters, digits, `-`, `_` and `.`.
        after: names of the profiles whose apps must be ready before this one is started.
        restart_with: names of the profiles whose restarts make this one restart.
    """

    file: Path
    name: str
    launch: Launch
    listen: tuple[Listen, ...]
    tls: Tls | None
    watch: WatchSet
    restart: Restart
    ready: Ready
    warm: Warm
    after: tuple[str, ...] = ()
    restart_with: tuple[str, ...] = ()
