"""Every key of a profile, once: its kind, its default, an example and the sentence that says what it is for.

The one table that both the checks and the reference in `profiles/README.md` follow; a test holds the second to it.
A new key is a row here, and what `build` makes of its value.
"""

from __future__ import annotations

from reloadd.core.policy import Backoff, Handover, OnExit, WhileReloading
from reloadd.core.servers import Server
from reloadd.profile import formats, kinds
from reloadd.profile.key import Key, Table
from reloadd.profile.kinds import FLAG, SOME_TEXTS, TEXT, TEXTS, TRUE, VARIABLES, Kind
from reloadd.profile.model import Address, Backend, Switch

ANY_NAME = "NAME"
"""Stands in a path for a name that the user chooses."""

ADDRESS: Kind[Address] = kinds.formed("an address", formats.read_address, formats.ADDRESS)
LISTENING_KIND: Kind[bool | Address] = kinds.either(TRUE, ADDRESS)
SECONDS = kinds.number("a number of seconds")
SOME_SECONDS = kinds.number("a number of seconds", above=0.0)
STOP_SIGNALS = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGKILL")
_BACKOFF = Backoff()


TABLES = (
    Table(("target",), "What to run: exactly one of `app`, `module`, `script` and `command`."),
    Table(("listen",), "The sockets that the daemon opens once and hands to every child."),
    Table(("watch",), "Which files matter, and how changes to them are noticed."),
    Table(("restart",), "When and how the child is ended and started again."),
    Table(("restart", "backoff"), "How long to wait between failed starts, and how many to allow in a row."),
    Table(("ready",), "How the daemon knows that the child serves: at most one of the keys."),
    Table(("warm",), "Processes that are prepared in the background, so that a restart takes milliseconds."),
)

NAME = Key(
    ("name",),
    kinds.formed("a string", formats.read_profile_name, formats.PROFILE_NAME),
    "The name that the log and the commands use; no two profiles of one daemon share one.",
    '"shop"',
    otherwise="the file's name without `.toml`",
)
AFTER = Key(
    ("after",),
    TEXTS,
    "Names of profiles of the same daemon that must be ready before this app is started.",
    '["db"]',
    default=(),
)
RESTART_WITH = Key(
    ("restart-with",),
    TEXTS,
    "Names of profiles of the same daemon: when one of their apps has restarted, so does this one.",
    '["api"]',
    default=(),
)

APP = Key(
    ("target", "app"),
    kinds.formed("a string", formats.read_app, formats.APP),
    "A WSGI or ASGI app as `module:attribute`, or `module:factory()` to call what is named; it needs `listen.http`.",
    '"shop.main:app"',
)
MODULE = Key(
    ("target", "module"),
    kinds.formed("a string", formats.read_module, formats.MODULE),
    "A module, run as `python -m` does.",
    '"shop.worker"',
)
SCRIPT = Key(
    ("target", "script"),
    TEXT,
    "A Python file, or a directory or zip file with a `__main__.py`, run as `python PATH` does.",
    '"main.py"',
)
COMMAND = Key(
    ("target", "command"),
    SOME_TEXTS,
    "Any program with its arguments, started without a shell.",
    '["npm", "run", "dev"]',
)
ARGS = Key(("target", "args"), TEXTS, "Arguments after the target.", '["--verbose"]', default=())
PYTHON = Key(
    ("target", "python"),
    TEXT,
    "The interpreter that runs the target, 3.8 or newer; a name without a slash is looked up on `PATH`.",
    '".venv/bin/python"',
    otherwise="that of `.venv`, `venv` or `env` beside the profile or in `directory`, else the daemon's own",
)
DIRECTORY = Key(
    ("target", "directory"), TEXT, "The working directory.", '"backend"', otherwise="the profile's directory"
)
ENV = Key(
    ("target", "env"),
    VARIABLES,
    "Environment variables, added to the daemon's own.",
    '{ DEBUG = "1" }',
)
ENV_FILE = Key(
    ("target", "env-file"),
    TEXT,
    "A file of further variables, read anew at each start; `env` wins over it.",
    '".env"',
)
SERVER = Key(
    ("target", "server"),
    kinds.member(Server),
    "The server for an `app`; it is imported from the app's own environment.",
    '"uvicorn"',
    otherwise="the first that is installed and able",
)
THREADS = Key(
    ("target", "threads"),
    kinds.whole(least=1),
    "How many threads the server of an `app` uses.",
    "4",
    otherwise="the server's own",
)
PROCESSES = Key(
    ("target", "processes"),
    kinds.whole(least=1),
    "How many worker processes the server of an `app` uses.",
    "2",
    otherwise="one",
)

HTTP = Key(
    ("listen", "http"),
    ADDRESS,
    "The address to serve HTTP at: `host:port`, `[IPv6]:port` or `unix:PATH`; port 0 takes any that is free, once.",
    '"127.0.0.1:8000"',
)
SOCKET = Key(
    ("listen", ANY_NAME),
    ADDRESS,
    "A further socket under a name of your own, in small letters, digits and `-`.",
    '"127.0.0.1:9000"',
)
TLS_CERT = Key(
    ("listen", "tls-cert"),
    TEXT,
    "A certificate chain in PEM, for an `app`; it needs `tls-key`.",
    '"cert.pem"',
)
TLS_KEY = Key(("listen", "tls-key"), TEXT, "The key of `tls-cert`, in PEM and without a password.", '"key.pem"')
TLS = Key(
    ("listen", "tls"),
    kinds.choice(["adhoc"]),
    "A certificate made up at start, for an `app` and by servers that can.",
    '"adhoc"',
)

ROOTS = Key(
    ("watch", "roots"),
    SOME_TEXTS,
    "The directories and files to watch.",
    '["src", "templates"]',
    otherwise="the working directory",
)
INCLUDE = Key(
    ("watch", "include"),
    SOME_TEXTS,
    "Globs of files that matter; without a slash they match at any depth, and `**` crosses directories.",
    '["**/*.py", "**/*.html"]',
    otherwise="the files that matter to its kind of target",
)
EXCLUDE = Key(
    ("watch", "exclude"),
    TEXTS,
    "Patterns of files and directories to leave out, in the syntax of .gitignore, after the built-in ones.",
    '["**/generated/**"]',
    default=(),
)
GITIGNORE = Key(("watch", "gitignore"), FLAG, "Whether to leave out what .gitignore files name.", "false", default=True)
IMPORTED = Key(
    ("watch", "imported"),
    FLAG,
    "Whether to watch also what a Python app imports, or opens for reading, outside of the roots.",
    "false",
    default=True,
)
BACKEND = Key(
    ("watch", "backend"),
    kinds.member(Backend),
    "Whether to wait for the kernel's events or to look again and again; `auto` does both where events miss some.",
    '"poll"',
    default=Backend.AUTO,
)
POLL_INTERVAL = Key(
    ("watch", "poll-interval"),
    kinds.number("a number of seconds", least=0.01),
    "Seconds between two looks, where polling is used.",
    "0.5",
    default=0.5,
)
SETTLE = Key(
    ("watch", "settle"),
    SECONDS,
    "Seconds without a change that close a change set.",
    "0.05",
    otherwise="the burst's own pace",
)

ON_EXIT = Key(
    ("restart", "on-exit"),
    kinds.member(OnExit),
    "Whether a child that ended on its own is started again.",
    '"on-failure"',
    default=OnExit.ON_FAILURE,
)
HANDOVER = Key(
    ("restart", "handover"),
    kinds.member(Handover),
    "Whether the old child ends before the new one starts, or serves until the new one is ready.",
    '"replace"',
    otherwise='`"overlap"` for an `app` that tells when it is ready, else `"replace"`',
)
WHILE_RELOADING = Key(
    ("restart", "while-reloading"),
    kinds.member(WhileReloading),
    "With `overlap`: whether requests between a save and its restart wait for the new code or go to the old.",
    '"hold"',
    default=WhileReloading.HOLD,
)
STOP_SIGNAL = Key(
    ("restart", "stop-signal"),
    kinds.choice(STOP_SIGNALS),
    "The signal that asks the child to end.",
    '"SIGTERM"',
    default="SIGTERM",
)
STOP_TIMEOUT = Key(
    ("restart", "stop-timeout"),
    SECONDS,
    "Seconds from that signal to the killing of the child's whole process group.",
    "5",
    default=5.0,
)
DRAIN_TIMEOUT = Key(
    ("restart", "drain-timeout"),
    SECONDS,
    "Seconds that an `app` gets to finish what is in flight; streams and WebSockets are then closed properly.",
    "4",
    otherwise="four fifths of `stop-timeout`",
)
READY_TIMEOUT = Key(
    ("restart", "ready-timeout"),
    SOME_SECONDS,
    "Seconds in which the child must become ready; later counts as a failure.",
    "60",
    default=60.0,
)
BACKOFF_FIRST = Key(
    ("restart", "backoff", "first"), SECONDS, "Seconds before the first try again.", "0.2", default=_BACKOFF.first
)
BACKOFF_FACTOR = Key(
    ("restart", "backoff", "factor"),
    kinds.number("a number", least=1.0),
    "By how much each wait is longer than the one before.",
    "2",
    default=_BACKOFF.factor,
)
BACKOFF_MOST = Key(
    ("restart", "backoff", "most"),
    SECONDS,
    "The longest wait in seconds; a child that served for longer than this ends the row.",
    "10",
    default=_BACKOFF.most,
)
BACKOFF_ATTEMPTS = Key(
    ("restart", "backoff", "attempts"),
    kinds.whole(least=1),
    "Tries in a row before the app is held until something changes.",
    "5",
    default=_BACKOFF.attempts,
)

TOLD = Key(
    ("ready", "told"),
    TRUE,
    "The child says so itself: an `app` by our runtime, any other by READY=1 (sd_notify).",
    "true",
    otherwise="for an `app`",
)
LISTENING = Key(
    ("ready", "listening"),
    LISTENING_KIND,
    "The child accepts connections: `true` for the first socket of `[listen]`, or the address to try.",
    "true",
    otherwise="for other targets with a `[listen]`",
)
READY_HTTP = Key(
    ("ready", "http"),
    kinds.formed("a string", formats.read_http_path, formats.HTTP_PATH),
    "The child answers a GET of this path at `listen.http` with a status below 400.",
    '"/health"',
)
STARTED = Key(
    ("ready", "started"),
    SECONDS,
    "The child has run for so many seconds.",
    "0.3",
    otherwise="`0.3` for targets without a `[listen]`",
)
FINISHED = Key(
    ("ready", "finished"),
    TRUE,
    "The child has done its work and ended with code 0, as a migration does.",
    "true",
)

WARM_MODE = Key(
    ("warm", "mode"),
    kinds.member(Switch),
    "Whether the next child is prepared while this one serves: its interpreter is started and its packages imported.",
    '"off"',
    default=Switch.AUTO,
)
RUN_AHEAD = Key(
    ("warm", "run-ahead"),
    kinds.member(Switch),
    "Whether a prepared child may also import your own modules, up to the one that was edited last.",
    '"off"',
    default=Switch.AUTO,
)
BUDGET = Key(
    ("warm", "budget-mb"),
    kinds.whole(least=0),
    "Megabytes of memory that prepared children may use; one that needs more is ended, and starts are cold.",
    "512",
    default=512,
)

KEYS: tuple[Key[object], ...] = tuple(row for row in list(globals().values()) if isinstance(row, Key))
"""All rows, in the order above: each is written down once."""

BY_PATH = {key.path: key for key in KEYS}
TARGET_KEYS = (APP, MODULE, SCRIPT, COMMAND)
READY_KEYS = (TOLD, LISTENING, READY_HTTP, STARTED, FINISHED)
