"""One way to watch a tree, run as a process of its own: `watchers.py WAY ROOT [PROFILES]`.

Prints `ready MILLISECONDS CPU-MILLISECONDS` when it watches, then at each change that it notices the monotonic clock in
nanoseconds. Ends with its standard input. Each peer is the class that its package runs, told to print where it would
restart.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BEGUN = {"clock": time.perf_counter(), "cpu": time.process_time()}


def ready() -> None:
    """Say that watching has begun, how long that took, and how much of the processor's time."""
    took, cpu = time.perf_counter() - _BEGUN["clock"], time.process_time() - _BEGUN["cpu"]
    _say(f"ready {took * 1000:.1f} {cpu * 1000:.1f}\n")


def noticed(*_: object) -> None:
    """Say that a change was noticed."""
    _say(f"{time.monotonic_ns()}\n")


def _say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def python_files(root: Path) -> list[str]:
    """What a reloader of modules that were imported would look at: all that a developer wrote."""
    return [str(path) for path in (root / "src").rglob("*.py")]


def reloadd(root: Path, profiles: int, *, interval: float | None = None, differ: str = "") -> None:
    """Reloadd's watcher.

    Args:
        root: what is watched.
        profiles: how many watch it.
        interval: seconds between two looks; None to be told by the kernel.
        differ: what each profile has of its own: `globs`, an `exclude`, or `roots`, which are directories below `root`.
    """
    from reloadd.profile.model import Backend, WatchSet  # noqa: PLC0415 - not installed where the peers are
    from reloadd.profile.watched import ALWAYS_EXCLUDED  # noqa: PLC0415
    from reloadd.watch.watcher import DaemonWatcher  # noqa: PLC0415

    below = [root, *sorted(each for each in (root / "src").glob("*/*") if each.is_dir())]
    sets = [
        WatchSet(
            roots=(below[number] if differ == "roots" else root,),
            include=("*.py", f"*.html{number}" if differ == "globs" else "*.html"),
            exclude=(*ALWAYS_EXCLUDED, f"made{number}") if differ == "exclude" else ALWAYS_EXCLUDED,
            gitignore=True,
            backend=Backend.EVENTS if interval is None else Backend.POLL,
            poll_interval=interval or 0.5,
            settle=None,
        )
        for number in range(profiles)
    ]
    # Loading reloadd is no part of watching, as little as loading the peers is; this the watcher loads when it listens.
    import_module("reloadd.watch.events")
    _BEGUN.update(clock=time.perf_counter(), cpu=time.process_time())

    async def main() -> None:
        watcher = DaemonWatcher(report=lambda _: None)
        # At the same time, as a daemon begins; each is told, and the first one says so.
        await asyncio.gather(
            *(watcher.watch(f"{n}", each, noticed if n == 0 else lambda _: None) for n, each in enumerate(sets))
        )
        ready()
        ended = asyncio.Event()
        # Not in a thread, which would count as one of the watcher's.
        asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
        await ended.wait()
        watcher.close()

    asyncio.run(main())


def observer(root: Path, profiles: int) -> None:
    """Watchdog's Observer, as its quick start has it; each further profile spells the root in a way of its own."""
    from watchdog.events import FileSystemEventHandler  # noqa: PLC0415 - not every way needs it
    from watchdog.observers import Observer  # noqa: PLC0415

    class Handler(FileSystemEventHandler):
        on_closed = noticed  # type: ignore[assignment]  # it takes whatever it is given

    running = Observer()
    running.schedule(Handler(), str(root), recursive=True)
    for number in range(1, profiles):
        running.schedule(FileSystemEventHandler(), str(root) + "/." * number, recursive=True)
    running.start()
    ready()
    sys.stdin.read()


def polling_observer(root: Path) -> None:
    """Watchdog's PollingObserver, once a second."""
    from watchdog.events import FileSystemEventHandler  # noqa: PLC0415
    from watchdog.observers.polling import PollingObserver  # noqa: PLC0415

    class Handler(FileSystemEventHandler):
        on_modified = noticed  # type: ignore[assignment]  # it takes whatever it is given

    running = PollingObserver()
    running.schedule(Handler(), str(root), recursive=True)
    running.start()
    ready()
    sys.stdin.read()


def watchfiles(root: Path, *, polls: bool) -> None:
    """watchfiles, at its defaults, with the filter that uvicorn's reloader is made of."""
    import watchfiles as package  # noqa: PLC0415

    changes = package.watch(
        root, watch_filter=package.PythonFilter(), force_polling=polls, rust_timeout=50, yield_on_timeout=True
    )
    next(changes)
    ready()
    for change in changes:
        if change:
            noticed()


def uvicorn(root: Path) -> None:
    """Uvicorn's StatReload, every quarter of a second."""
    from uvicorn import Config  # noqa: PLC0415
    from uvicorn.supervisors.statreload import StatReload  # noqa: PLC0415

    reloader = StatReload(Config("a:b", reload=True, reload_dirs=[str(root)]), lambda _: None, [])
    reloader.should_restart()
    ready()
    while True:
        if reloader.should_restart():
            reloader.mtimes = {}
            noticed()


def django(root: Path) -> None:
    """Django's StatReloader, once a second."""
    from django.conf import settings  # noqa: PLC0415
    from django.utils import autoreload  # noqa: PLC0415

    settings.configure()
    reloader = autoreload.StatReloader()
    reloader.watch_dir(root, "**/*.py")
    reloader.notify_file_changed = noticed
    ticks = reloader.tick()
    next(ticks)
    ready()
    for _ in ticks:
        pass


def werkzeug(root: Path) -> None:
    """Werkzeug's stat reloader, once a second."""
    from werkzeug._reloader import StatReloaderLoop  # noqa: PLC0415

    class Loop(StatReloaderLoop):  # type: ignore[misc]  # it is not there where types are checked
        def trigger_reload(self, filename: str) -> None:
            """Print, and take the new time for known, as the process that it starts would."""
            self.mtimes[filename] = Path(filename).stat().st_mtime
            noticed()

    with Loop(python_files(root)) as loop:
        ready()
        loop.run()


def hupper(root: Path) -> None:
    """Hupper's polling monitor, once a second."""
    from hupper.polling import PollingFileMonitor  # noqa: PLC0415

    monitor = PollingFileMonitor(noticed)
    for file in python_files(root):
        monitor.add_path(file)
    monitor.check_reload(list(monitor.paths))
    monitor.daemon = True
    monitor.start()
    ready()
    sys.stdin.read()


WAYS: dict[str, Callable[[Path, int], None]] = {
    "reloadd": reloadd,
    "reloadd, own globs": partial(reloadd, differ="globs"),
    "reloadd, own exclude": partial(reloadd, differ="exclude"),
    "reloadd, overlapping roots": partial(reloadd, differ="roots"),
    "reloadd, polling each 0.5 s": partial(reloadd, interval=0.5),
    "reloadd, polling each 1 s": partial(reloadd, interval=1.0),
    "watchdog Observer": observer,
    "watchdog PollingObserver": lambda root, _: polling_observer(root),
    "watchfiles": lambda root, _: watchfiles(root, polls=False),
    "watchfiles, polling": lambda root, _: watchfiles(root, polls=True),
    "uvicorn StatReload": lambda root, _: uvicorn(root),
    "Django StatReloader": lambda root, _: django(root),
    "Werkzeug stat": lambda root, _: werkzeug(root),
    "hupper polling": lambda root, _: hupper(root),
}


def main() -> None:
    """Run the way that the arguments name."""
    way, root, profiles = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    WAYS[way](root, profiles)


if __name__ == "__main__":
    main()
