"""A watcher under test: collects what it tells, and proves that it told nothing by what it tells next."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from reloadd.core.changes import Change, ChangeSet, net_changes
from reloadd.profile.model import Backend, WatchSet
from reloadd.watch.watcher import DaemonWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from reloadd.core.inputs import Noticed, Quiet
    from reloadd.core.records import Record
    from reloadd.watch.base import Watch

_T = TypeVar("_T")

DEADLINE = 30.0
"""Seconds to wait for what must come."""

EXCLUDED = (
    ".git",
    "__pycache__",
    "node_modules",
    "*~",
    ".#*",
    "#*#",
    "*.sw?",
    "4913",
    "*___jb_tmp___",
    "*___jb_old___",
)


def watch_set(
    *roots: Path,
    backend: Backend = Backend.EVENTS,
    include: tuple[str, ...] = ("*.py",),
    exclude: tuple[str, ...] = EXCLUDED,
    settle: float | None = None,
    poll_interval: float = 0.02,
) -> WatchSet:
    """A watch set as a profile would have it."""
    return WatchSet(
        roots=roots,
        include=include,
        exclude=exclude,
        gitignore=True,
        backend=backend,
        poll_interval=poll_interval,
        settle=settle,
    )


@dataclass
class Observed:
    """One watch and what it told."""

    roots: tuple[Path, ...]
    watch: Watch
    stage: Stage
    sets: queue.Queue[ChangeSet]
    ignored: queue.Queue[str] = field(default_factory=queue.Queue)

    def next_set(self, within: float = DEADLINE) -> ChangeSet:
        """The next set as it was told.

        Raises:
            Empty: there was none in time.
        """
        return self.sets.get(timeout=within)

    def told(self) -> dict[str, str]:
        """The next set: kinds by path, relative to the first root where it lies in it."""
        return self._by_path(self.next_set().changes)

    def comes_to(self, expected: Mapping[str, str], *, deadline: float = DEADLINE) -> None:
        """The next sets, put together, are these changes: many saves may be told as a first one and the rest."""
        net: tuple[Change, ...] = ()
        end = time.monotonic() + deadline
        while self._by_path(net) != expected:
            assert time.monotonic() < end, f"told {self._by_path(net)}"
            with suppress(queue.Empty):
                net = net_changes((*net, *self.sets.get(timeout=0.1).changes))

    def _by_path(self, changes: Iterable[Change]) -> dict[str, str]:
        top = str(self.roots[0]) + "/"
        return {each.path.removeprefix(top): each.kind.value for each in changes}

    def has_told_nothing(self, sentinel: str = "sentinel.py") -> None:
        """Show that nothing else was told, by a change that is made now and must come alone."""
        _have_told_nothing([self], sentinel)

    def close(self) -> None:
        """Close the watch."""
        self.stage.on_loop(self.watch.close)


@dataclass(frozen=True)
class Witness:
    """One who reads what is told of at the moment at which it is told, as an app that starts would.

    Attributes:
        root: what is watched.
        seen: of each set, the kinds of changes by path relative to the root, and what stands in these files; None for
            one that is not there.
    """

    root: Path
    seen: queue.Queue[tuple[dict[str, str], dict[str, str | None]]] = field(default_factory=queue.Queue)

    def look(self, changes: ChangeSet) -> None:
        """Take a set."""
        top = f"{self.root}/"
        kinds = {each.path.removeprefix(top): each.kind.value for each in changes.changes}
        self.seen.put((kinds, {name: _text_of(self.root / name) for name in kinds}))

    def saw(self) -> tuple[dict[str, str], dict[str, str | None]]:
        """The next set."""
        return self.seen.get(timeout=DEADLINE)


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


class Both:
    """One root that is watched by events and by polling at once: what is dear to do is done once, and told by each.

    Args:
        stage: where.
        root: what.
        include: as in `watch_set`.
        exclude: as in `watch_set`.
        settle: as in `watch_set`.
        poll_interval: as in `watch_set`.
    """

    def __init__(
        self,
        stage: Stage,
        root: Path,
        *,
        include: tuple[str, ...] = ("*.py",),
        exclude: tuple[str, ...] = EXCLUDED,
        settle: float | None = None,
        poll_interval: float = 0.02,
    ) -> None:
        events = watch_set(root, include=include, exclude=exclude, settle=settle, poll_interval=poll_interval)
        sets = {backend: replace(events, backend=backend) for backend in (Backend.EVENTS, Backend.POLL)}
        self.shops = {backend: stage.begin(each, backend.value) for backend, each in sets.items()}

    def digested(self) -> Self:
        """Wait until all files were read, see `digested`."""
        for shop in self.shops.values():
            digested(shop)
        return self

    def tell(self, expected: Mapping[str, str], why: str = "") -> None:
        """The next set of each is these changes and no others."""
        for backend, shop in self.shops.items():
            assert shop.told() == expected, (backend, why)

    def tell_each_once(self, expected: Mapping[str, str]) -> None:
        """The next sets of each name these changes and no others, and no file twice."""
        for shop in self.shops.values():
            told: dict[str, str] = {}
            while len(told) < len(expected):
                more = shop.told()
                assert not told.keys() & more.keys(), f"told twice: {sorted(told.keys() & more.keys())[:5]}"
                told |= more
            assert told == expected

    def tell_nothing_more(self) -> None:
        """Show that nothing else was told, by a change that is made now and must come alone."""
        _have_told_nothing(list(self.shops.values()), "sentinel.py")


def _have_told_nothing(shops: Sequence[Observed], sentinel: str) -> None:
    path = shops[0].roots[0] / sentinel
    kind = "modified" if path.exists() else "created"
    save(path, f"sentinel {time.monotonic_ns()}")
    for shop in shops:
        assert shop.told() == {sentinel: kind}


class Stage:
    """A watcher on an event loop in a thread of its own, so that a test's saves and the watching overlap as in life."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stage")

    def __enter__(self) -> Self:
        self._thread.start()
        self.watcher = self._call(self._make_watcher())
        return self

    def __exit__(self, *_error: object) -> None:
        self.on_loop(self.watcher.close)
        self._call(self._cancelled())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    def begin(self, watched: WatchSet, profile: str = "shop", *, instead_of: Observed | None = None) -> Observed:
        """Begin to watch, or go on by another watch set."""
        sets: queue.Queue[ChangeSet] = queue.Queue() if instead_of is None else instead_of.sets
        earlier = None if instead_of is None else instead_of.watch
        ignored: queue.Queue[str] = queue.Queue()
        watching = self.watcher.watch(profile, watched, sets.put, on_ignored=ignored.put, instead_of=earlier)
        return Observed(watched.roots, self._call(watching), self, sets, ignored)

    def begin_together(self, watched: Iterable[WatchSet]) -> list[Observed]:
        """Begin to watch for many at the same time, named by their numbers."""

        async def begin() -> list[Observed]:
            observed = [(each, queue.Queue[ChangeSet]()) for each in watched]
            begun = await asyncio.gather(
                *(self.watcher.watch(f"{number}", each, sets.put) for number, (each, sets) in enumerate(observed))
            )
            return [
                Observed(each.roots, watch, self, sets) for watch, (each, sets) in zip(begun, observed, strict=True)
            ]

        return self._call(begin())

    def begin_with(
        self,
        watched: WatchSet,
        on_settled: Callable[[ChangeSet], None],
        on_burst: Callable[[Noticed | Quiet], None] | None = None,
    ) -> Watch:
        """Begin to watch for somebody else."""
        return self._call(self.watcher.watch("shop", watched, on_settled, on_burst=on_burst))

    def on_loop(self, function: Callable[[], object]) -> None:
        """Call something on the event loop's thread."""

        async def call() -> None:
            function()

        self._call(call())

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Keep the event loop from doing anything meanwhile."""
        is_held, is_over = threading.Event(), threading.Event()

        def hold() -> None:
            is_held.set()
            is_over.wait(DEADLINE)

        self._loop.call_soon_threadsafe(hold)
        assert is_held.wait(DEADLINE)
        try:
            yield
        finally:
            is_over.set()

    def recorded(self, name: str) -> Record:
        """The first record of that name, as soon as there is one."""
        wait_until(lambda: any(each.name == name for each in self.records))
        return next(each for each in self.records if each.name == name)

    def _call(self, coroutine: Coroutine[None, None, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(DEADLINE)

    async def _make_watcher(self) -> DaemonWatcher:
        return DaemonWatcher(report=self.records.append)

    async def _cancelled(self) -> None:
        """Let cancelled tasks come to their end."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as something is so."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.002)


def digested(shop: Observed) -> Observed:
    """Wait until all files were read, which follows the baseline and each set: only then is a touch seen through."""
    wait_until(lambda: all(each.is_at_rest for each in shop.stage.watcher._shared.values()))
    return shop


def save(path: Path, text: str) -> None:
    """Write a file in place."""
    path.write_text(text, encoding="utf-8")


def save_by_rename(path: Path, text: str) -> None:
    """Write a file beside, and move it over."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
