"""What a child reads and does besides importing, seen by the interpreter's audit events (PEP 578).

A hook cannot be taken away again and is called at every event of the process, so it is added only where it is asked
for. It never raises into the program, and changes nothing of what happens, unless `on_effect` ends the process.
"""

from __future__ import annotations

import os
import sys

from . import bytecode
from .imports import stat_signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

    from .ledger import Ledger

EFFECTS = frozenset(
    {
        "_thread.start_joinable_thread",
        "_thread.start_new_thread",
        "fcntl.flock",
        "fcntl.lockf",
        "os.chmod",
        "os.chown",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.kill",
        "os.killpg",
        "os.link",
        "os.mkdir",
        "os.mkfifo",
        "os.mknod",
        "os.posix_spawn",
        "os.remove",
        "os.rmdir",
        "os.symlink",
        "os.system",
        "os.truncate",
        "os.utime",
        "pty.spawn",
        "socket.__new__",
        "socket.bind",
        "socket.connect",
        "socket.sendto",
        "sqlite3.connect",
        "subprocess.Popen",
        "syslog.syslog",
    }
)
"""Events that show outside the process, or that a process parked after them would not be a fresh one for."""

_WRITING = os.O_WRONLY | os.O_RDWR
_NOT_FILES = ("/dev/", "/proc/", "/sys/")
_IMPORT_SYSTEM = "<frozen importlib"
_PATHLIB = "/pathlib.py"
"""Lists for others, up to Python 3.8 also for `importlib.metadata`."""

_PACKAGE_FINDERS = (
    "/importlib/metadata.py",
    "/importlib/metadata/__init__.py",
    "/importlib_metadata/__init__.py",
    "/pkg_resources/__init__.py",
)
"""List each directory of the import path, the program's own too, to see which packages are installed in it."""

_PACKAGE_ENDINGS = ("dist-info", "egg-info", ".egg", ".egg-link")
"""All that they heed, in lower case (Core Metadata, "Recording installed projects")."""

_MOST_NAMES = 1_000
_OURS = os.path.dirname(__file__) + "/"
_MOST_REMEMBERED = 10_000
_LONGEST_DETAIL = 200
_PLAIN = (str, bytes, int, tuple, list)


class Effects:
    """Hears of each event, and says what matters.

    Attributes:
        is_noting: whether the ledger is to have it.
        on_effect: called before an effect comes about, with the event, what it is about, and who does it.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.is_noting = False
        self.on_effect: Optional[Callable[[str, str, Optional[str]], None]] = None
        self._ledger = ledger
        self._noted: Set[Tuple[str, ...]] = set()
        self._handlers: Dict[str, Callable[[str, Any], None]] = {
            **dict.fromkeys(EFFECTS, self._effect),
            "open": self._open,
            "os.rename": self._rename,
            "os.listdir": self._list,
            "os.scandir": self._list,
            "os.putenv": self._set,
            "os.unsetenv": self._set,
        }

    def watch(self) -> None:
        """Begin. Only this process's events count, not those of what it forks."""
        find = self._handlers.get

        def hook(event: str, arguments: Any) -> None:
            handle = find(event)
            if handle is None or not (self.is_noting or self.on_effect):
                return
            try:
                # In this order: most events are files that an import opens.
                if not _is_by_imports() and os.getpid() == self._ledger.process:
                    handle(event, arguments)
            except Exception:  # noqa: BLE001 - raised here, it would be the app's
                return

        sys.addaudithook(hook)

    def begin(self, *, is_noting: bool) -> None:
        """Note from here on as if nothing had happened before, or note nothing."""
        self.is_noting = is_noting
        self._noted.clear()

    def _effect(self, event: str, arguments: Any) -> None:
        self._tell(event, ", ".join(map(_shortly, arguments[:2])))

    def _open(self, event: str, arguments: Any) -> None:
        path, mode, flags = arguments
        if isinstance(path, int):
            return
        path = os.path.abspath(os.fsdecode(path))
        is_written = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool(flags & _WRITING)
        if is_written:
            if path != os.devnull:
                self._tell(event, path, path)
        elif self._is_users(path) and self._is_new("opened", path):
            self._ledger.note("opened", file=path, signature=stat_signature(path))

    def _rename(self, event: str, arguments: Any) -> None:
        """Something is put in the place of a file, as a whole."""
        target = arguments[1]
        if not isinstance(target, int):
            path = os.path.abspath(os.fsdecode(target))
            self._tell(event, path, path)

    def _list(self, _: str, arguments: Any) -> None:
        path = arguments[0]
        if isinstance(path, int):
            return
        path = os.path.abspath(os.fsdecode("." if path is None else path))
        endings = _PACKAGE_ENDINGS if _is_for_packages() else ()
        if self._is_users(path) and self._is_new("listed", path, *endings):
            # In this order: what is put there in between shows in one of the two.
            before = stat_signature(path)
            self._ledger.note("listed", file=path, signature=before, endings=[*endings], names=_names(path, endings))

    def _is_users(self, path: str) -> bool:
        """Whether what is read at a path is to be noted."""
        return self.is_noting and not path.startswith(_NOT_FILES) and not bytecode.is_installed(path)

    def _set(self, _: str, arguments: Any) -> None:
        by = _find_user() if self.is_noting else None
        if by is not None:
            name, value = os.fsdecode(arguments[0]), None
            if len(arguments) > 1:
                value = os.fsdecode(arguments[1])
            if self._is_new("set", name, value or "", by):
                self._ledger.note("set", name=name, value=value, by=by)

    def _tell(self, event: str, detail: str, *about: str) -> None:
        """Say it, and note it once for each place in the user's code, or for each file that it is `about`."""
        by = _find_user()
        if self.on_effect is not None:
            self.on_effect(event, detail, by)
        if self.is_noting and self._is_new(event, *(about or (by or "",))):
            self._ledger.note("effect", event=event, detail=detail, by=by)

    def _is_new(self, *what: str) -> bool:
        if what in self._noted or len(self._noted) >= _MOST_REMEMBERED:
            return False
        self._noted.add(what)
        return True


def _is_by_imports() -> bool:
    """Whether the event is the import system's own: it writes bytecode, and lists what is on the import path."""
    frame: Optional[FrameType] = sys._getframe()  # noqa: SLF001 - documented, and of all CPythons
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(_IMPORT_SYSTEM)


def _is_for_packages() -> bool:
    """Whether a directory is listed to see which packages are installed in it."""
    frame: Optional[FrameType] = sys._getframe()  # noqa: SLF001 - as above
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    while frame is not None and frame.f_code.co_filename.endswith(_PATHLIB):
        frame = frame.f_back
    if frame is None:
        return False
    path = frame.f_code.co_filename
    return path.endswith(_PACKAGE_FINDERS) and bytecode.is_installed(path)


def _names(directory: str, endings: Tuple[str, ...]) -> Optional[List[str]]:
    """What is in a directory, as far as it ends in one of these, in any case; None if it is too much, or not there."""
    try:
        names = os.listdir(directory)
    except (OSError, ValueError):
        return None
    if endings:
        names = [name for name in names if name.lower().endswith(endings)]
    return names if len(names) <= _MOST_NAMES else None


def _find_user() -> Optional[str]:
    """Where the user's code did it, perhaps by calling others'; None if it was an import that did it by itself."""
    frame: Optional[FrameType] = sys._getframe()  # noqa: SLF001 - as above
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_IMPORT_SYSTEM):
            return None
        if not path.startswith("<") and not bytecode.is_installed(path):
            return "%s:%d" % (os.path.abspath(path), frame.f_lineno)
        frame = frame.f_back
    return None


def _shortly(argument: object) -> str:
    # The app's own objects are not asked what they look like: they may do anything.
    return repr(argument)[:_LONGEST_DETAIL] if type(argument) in _PLAIN else type(argument).__name__
