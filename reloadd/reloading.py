"""Profiles that reload themselves: their files are watched, read again when they are saved, and what changed is done.

SIGHUP and `reloadd reload` go the same way, and so does the start: what is wrong is refused, and the rest runs. Never
decides what a difference asks for: `profile.difference` does; which edits are taken back, `profile.accept`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reloadd.control.commands import Reloaded
from reloadd.core.records import record
from reloadd.profile.absence import Absences
from reloadd.profile.accept import Loaded, missing_files
from reloadd.profile.difference import Add, steps_between
from reloadd.profile.load import problem_at
from reloadd.profile.model import Backend, WatchSet
from reloadd.profile.problems import draw
from reloadd.supervise.pool import CannotListenError
from reloadd.supervise.vacancies import Vacancies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.fleet import Fleet
    from reloadd.profile.accept import Read
    from reloadd.profile.load import Source
    from reloadd.profile.problems import Problem, Rejected
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.pool import ListenerPool
    from reloadd.watch.base import Watch, Watcher


_TRIES_AGAIN = "it is tried again by itself"


class CannotStartError(Exception):
    """There is no profile that can be run.

    Attributes:
        wrong: the problems of profiles that are wrong in themselves.
        taken: the profiles whose addresses cannot be had.
    """

    def __init__(self, wrong: tuple[Problem, ...], taken: tuple[CannotListenError, ...]) -> None:
        super().__init__("no profile can be run")
        self.wrong = wrong
        self.taken = taken


class Reloading:
    """Keeps the apps as the files have them, from `prepare_first` to `close`.

    Args:
        source: where the profiles come from.
        first: what was found there before anything runs.
        fleet: the apps.
        pool: their sockets.
        publish: the bus.
    """

    def __init__(
        self, source: Source, first: Read, *, fleet: Fleet, pool: ListenerPool, publish: Callable[[Record], None]
    ) -> None:
        self._source = source
        self._first = first
        self._loaded = Loaded()
        self._fleet = fleet
        self._pool = pool
        self._publish = publish
        self._absences = Absences()
        self._said: tuple[Problem, ...] = ()
        self._saved: set[str] = set()
        self._asked = asyncio.Event()
        self._is_patient = True
        self._waiting: list[asyncio.Future[Reloaded]] = []
        self._watch: Watch | None = None
        self._vacancies = Vacancies(partial(self.ask, is_patient=True))

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The files that do not run as they are."""
        return self._loaded.rejected

    def prepare_first(self) -> Mapping[str, tuple[Listener, ...]]:
        """Take the sockets of the profiles to start with; one whose address cannot be had is left out.

        Raises:
            CannotStartError: nothing is left.
        """
        loaded, assigned, taken = self._prepared(partial(self._source.accept, self._first))
        if not loaded.accepted:
            files = {each.profile.file for each in taken}
            wrong = tuple(problem for problem in loaded.problems if problem.file not in files)
            raise CannotStartError(wrong, taken)
        self._loaded = loaded
        return assigned

    async def start(self, assigned: Mapping[str, tuple[Listener, ...]]) -> None:
        """Run what `prepare_first` took the sockets for, and say what was left out."""
        loaded = self._loaded
        self._fleet.expect(loaded.profiles)
        self._reject(loaded.problems, None, outcome="the other profiles are started")
        await self._fleet.apply(tuple(map(Add, loaded.profiles)), assigned, absent=loaded.absent)

    async def watch(self, watcher: Watcher) -> None:
        """Watch the files and directories that the command line names, or the user's own directory."""
        self._watch = await watcher.watch(None, watch_set_of(self._source.roots()), self._changed)
        # What was saved since the profiles were read was before the baseline.
        self._asked.set()

    def close(self) -> None:
        """Watch no more, and let nobody wait."""
        if self._watch is not None:
            self._watch.close()
        for each in self._waiting:
            each.cancel()

    def ask(self, *, is_patient: bool) -> None:
        """Read the profiles again soon; does not wait for it.

        Args:
            is_patient: whether a file that is missing may come back in a moment, as after a save; else its app is
                stopped now.
        """
        self._is_patient = self._is_patient and is_patient
        self._asked.set()

    async def reload(self) -> Reloaded:
        """Read the profiles again, and return once what has changed was begun, or refused.

        Raises:
            asyncio.CancelledError: it was closed first, or it broke, which is a bug and was said.
        """
        waiting: asyncio.Future[Reloaded] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self.ask(is_patient=False)
        return await waiting

    async def run(self, bracket: Callable[[], AbstractContextManager[None]]) -> None:
        """Read the profiles again whenever there is a reason to, until cancelled.

        Args:
            bracket: is entered for each time.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._vacancies.run())
            await self._keep_reading(bracket)

    async def _keep_reading(self, bracket: Callable[[], AbstractContextManager[None]]) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            answered = len(self._waiting)
            reloaded = None
            with bracket():
                try:
                    reloaded = await self._read_again()
                except Exception as error:  # noqa: BLE001 (a bug: it is said, and the next save is another try)
                    self._publish(record("daemon.failed", error=repr(error), where="reading the profiles again"))
            for waiting in self._waiting[:answered]:
                if reloaded is None or waiting.done():
                    waiting.cancel()
                else:
                    waiting.set_result(reloaded)
            del self._waiting[:answered]

    async def _read_again(self) -> Reloaded:
        """Read the profiles, and do what has changed."""
        saved, self._saved = self._saved, set()
        is_patient, self._is_patient = self._is_patient, True
        read = await asyncio.to_thread(self._source.read)
        now = asyncio.get_running_loop().time()
        held = self._held(read, now) if is_patient else frozenset()
        accepted = self._loaded.accepted
        loaded, assigned, _ = self._prepared(partial(self._source.load_again, accepted, read, held=held))
        steps = steps_between(self._fleet.profiles, loaded.profiles)
        if steps or not loaded.problems:
            self._fleet.expect(loaded.profiles)
        self._reject(loaded.problems, saved if is_patient else None, outcome="what ran before runs on")
        self._loaded = loaded
        for new in (step.profile for step in steps if isinstance(step, Add)):
            self._publish(record("profile.added", profile=new.name, file=str(new.file)))
        due = self._absences.due(now) if held else None
        if due is not None:
            # What has not come back by then will not; also if what is to be done now takes longer than that.
            asyncio.get_running_loop().call_at(due, self._asked.set)
        await self._fleet.apply(steps, assigned, absent=loaded.absent)
        return Reloaded(loaded.problems)

    def _held(self, read: Read, now: float) -> frozenset[Path]:
        """The files that are missing and may still come back."""
        known = self._absences.held(now)
        self._absences = self._absences.noted(missing_files(read, self._loaded.accepted), now)
        held = self._absences.held(now)
        for file in held - known:
            name = self._loaded.accepted[file].profile.name
            self._publish(record("profile.vanished", profile=name, file=str(file)))
        return held

    def _prepared(
        self, accept: Callable[..., Loaded]
    ) -> tuple[Loaded, Mapping[str, tuple[Listener, ...]], tuple[CannotListenError, ...]]:
        """What is to run, with sockets for all of it; a file whose address cannot be had is refused as well.

        Args:
            accept: what is to run, if these files are `refused` for these problems.
        """
        taken: dict[Path, CannotListenError] = {}
        refused: dict[Path, Problem] = {}
        while True:
            loaded = accept(refused=refused)
            try:
                assigned = self._pool.prepare(loaded.profiles)
            except CannotListenError as error:
                if error.profile.file in taken:
                    # What it was before has its sockets already.
                    raise
                problem = problem_of(error)
                taken[error.profile.file] = error
                refused[error.profile.file] = replace(problem, hint=f"{problem.hint}; {_TRIES_AGAIN}")
            else:
                self._vacancies.expect(error.cause.listen.address for error in taken.values())
                return loaded, assigned, tuple(taken.values())

    def _reject(self, problems: tuple[Problem, ...], saved: set[str] | None, *, outcome: str) -> None:
        """Say what is wrong, unless it was said before and the file was not saved since."""
        news = [
            problem for problem in problems if saved is None or problem not in self._said or str(problem.file) in saved
        ]
        self._said = problems
        if news:
            drawing = draw(news, directory=self._source.directory, outcome=outcome)
            self._publish(record("profile.rejected", problems=len(news), drawing=drawing))

    def _changed(self, changes: ChangeSet) -> None:
        self._saved.update(changes.paths)
        self.ask(is_patient=True)


def watch_set_of(roots: tuple[Path, ...]) -> WatchSet:
    """What is watched for profiles: files that are named, and what lies right in directories that are."""
    return WatchSet(
        roots=roots,
        include=("/*.toml",),
        exclude=(".*",),
        gitignore=False,
        backend=Backend.AUTO,
        poll_interval=0.5,
        settle=None,
    )


def problem_of(error: CannotListenError) -> Problem:
    """An address that cannot be had, as a problem in the profile that asks for it."""
    listen = error.cause.listen
    return problem_at(
        error.profile.file,
        ("listen", listen.name),
        message=f"cannot listen on `{listen.address}`",
        label=error.cause.reason,
        hint=error.cause.hint,
    )
