"""One process of one generation: told what to become, listened to, signalled, waited for.

Never decides anything: it tells its owner what the child said and how it ended.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Protocol

from reloadd.core.blame import Blame, find_blame
from reloadd.core.starts import Cold, Start
from reloadd.supervise.processes import end_group, signal_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.core.exits import ExitStatus
    from reloadd.runtime.wire import Frame
    from reloadd.supervise.booted import Booted

_ANSWER_TIMEOUT = 0.2
"""Seconds that a process which was prepared gets to say that it is on its way. A cold start takes its place then."""


class Owner(Protocol):
    """Whom a child's words go to, on the event loop's thread."""

    def child_said(self, child: Child, word: str) -> None:
        """The runtime in the child sent a word of the wire."""

    def child_handed_in(self, child: Child, descriptor: int) -> None:
        """The child gave up a connection, which is the callee's now."""

    def child_missed(self, child: Child, descriptor: int) -> None:
        """The child is gone and did not get a connection that it was given, which is the callee's again."""

    def child_refused(self, child: Child, why: str) -> None:
        """A process that was prepared did not become the child. Nothing of the app's has run in it."""

    def child_ended(self, child: Child) -> None:
        """The child's process is gone; others of its group may not be."""


class Child:
    """A process that was told to become the app, and its process group, which has the same number.

    Args:
        generation: which attempt to run the app it is.
        booted: the process.
        go: what it is to become.
        start: how the process came to be. One that was prepared is given words only once it has answered.
        owner: who is told.
        patience: seconds in which a process that is not parked yet has to be; 0 for one that is.

    Attributes:
        generation: as above.
        booted: as above.
        start: as above.
        pid: of the process, and of its group and session.
        started_at: when it was told, in seconds of the event loop's clock.
        asked_at: when it was told to end, as above; None if it was not.
        is_killed: whether it was killed.
    """

    def __init__(
        self,
        generation: int,
        booted: Booted,
        go: Mapping[str, object],
        *,
        start: Start,
        owner: Owner,
        patience: float = 0.0,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.generation = generation
        self.booted = booted
        self.start = start
        self.pid = booted.pid
        self.started_at = loop.time()
        self.asked_at: float | None = None
        self.is_killed = False
        self._gave_up: Blame | None = None
        self._owner = owner
        self._unconfirmed = 0
        self._can_pause = go["target"] == "app"
        self._unsent: list[tuple[str, int | None]] | None = None
        # A process that has not read its `go` yet reads without room for descriptors, which would be lost.
        self._early: list[int] | None = [] if isinstance(start, Cold) else None
        self._answer: asyncio.TimerHandle | None = None
        self._signal: asyncio.TimerHandle | None = None
        booted.hand_to(self)
        booted.wire.send("go", go)
        if not isinstance(start, Cold):
            self._unsent = []
            self._wait_for_answer(patience)

    def admit(self) -> None:
        """Let it accept connections: now, or as soon as it serves. Any child but an `app` needs no leave."""
        if self._can_pause:
            self._send("accept")

    def pause(self) -> None:
        """Let it accept no more; it confirms that with `paused`, after handing in the connections that are idle."""
        if self._can_pause:
            self._unconfirmed += 1
            self._send("pause")
            self._return_early()

    def adopt(self, descriptor: int) -> None:
        """Give it a connection, which is no longer ours; if the child is gone, the owner gets it back."""
        if self._early is None:
            self._send("connection", descriptor)
        else:
            self._early.append(descriptor)

    def take_over(self, refused: Child) -> None:
        """Send what was meant for another process of this generation, which never became the child."""
        unsent, refused._unsent = refused._unsent or [], []
        for word, descriptor in unsent:
            if word == "pause":
                self._unconfirmed += 1
            if descriptor is None:
                self._send(word)
            else:
                self.adopt(descriptor)

    def terminate(self, number: int, *, after: float = 0.0) -> None:
        """Send the stop signal to the whole group, after so many seconds if the child is there yet."""
        self._note_asked()
        if after:
            self._signal = asyncio.get_running_loop().call_later(after, signal_group, self.pid, number)
        else:
            signal_group(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL to the whole group."""
        self._note_asked()
        self.is_killed = True
        signal_group(self.pid, signal.SIGKILL)

    async def wait_group_gone(self, *, grace: float) -> None:
        """End what the process left behind in its group, after `grace` seconds by force."""
        if not self.asked:
            signal_group(self.pid, signal.SIGTERM)
        await end_group(self.pid, grace=grace)

    @property
    def asked(self) -> bool:
        """Whether it was told to end."""
        return self.asked_at is not None

    @property
    def asked_ago(self) -> float:
        """Seconds since it was told to end; 0 if it was not."""
        return 0.0 if self.asked_at is None else asyncio.get_running_loop().time() - self.asked_at

    @property
    def status(self) -> ExitStatus:
        """How the process ended; only once `child_ended` was told."""
        return self.booted.status

    @property
    def blame(self) -> Blame | None:
        """What it died of, as its runtime said or its last words show; None if it was to end, or does not say."""
        if self.asked or self.status.is_success:
            return None
        return self._gave_up or find_blame(self.booted.around.output.tail)

    def booted_said(self, frame: Frame, descriptor: int | None) -> None:
        """Take a frame of the process."""
        word = str(frame["word"])
        if descriptor is not None:
            self._owner.child_handed_in(self, descriptor)
            return
        if self._unsent is not None:
            self._hear_parked(word)
            return
        early, self._early = self._early, None
        for connection in early or ():
            self.adopt(connection)
        if word == "failed":
            self._gave_up = Blame(str(frame["error"]), is_hopeless=bool(frame["hopeless"]))
            return
        if word == "paused":
            self._unconfirmed -= 1
            if self._unconfirmed > 0:
                # This answers an earlier pause; the child has been admitted and paused again since.
                return
        self._owner.child_said(self, word)

    def booted_missed(self, descriptor: int) -> None:
        """Take back a connection that the process did not get."""
        self._owner.child_missed(self, descriptor)

    def booted_ended(self) -> None:
        """Take the end of the process."""
        if self._signal is not None:
            self._signal.cancel()
        if self._unsent is not None and not self.asked:
            self._refuse(f"it ended with {self.status.words}")
            return
        self._stop_waiting()
        for _, descriptor in self._unsent or ():
            if descriptor is not None:
                self._owner.child_missed(self, descriptor)
        self._unsent = None
        self._return_early()
        self._owner.child_ended(self)

    def _note_asked(self) -> None:
        if self.asked_at is None:
            self.asked_at = asyncio.get_running_loop().time()

    def _return_early(self) -> None:
        """Let the owner have what it was too early to give to the process."""
        while self._early:
            self._owner.child_missed(self, self._early.pop(0))

    def _send(self, word: str, descriptor: int | None = None) -> None:
        if self._unsent is None:
            self.booted.wire.send(word, None, *([] if descriptor is None else [descriptor]))
        else:
            self._unsent.append((word, descriptor))

    def _hear_parked(self, word: str) -> None:
        """Take a word of a process that has yet to become the child."""
        match word:
            case "started":
                self._answered()
            case "parked":
                self._wait_for_answer(0.0)
            case "unfit":
                self._refuse("it could not be built")

    def _wait_for_answer(self, patience: float) -> None:
        self._stop_waiting()
        deadline = patience + _ANSWER_TIMEOUT
        loop = asyncio.get_running_loop()
        self._answer = loop.call_later(deadline, self._refuse, f"it did not answer within {deadline * 1000:.0f} ms")

    def _answered(self) -> None:
        self._stop_waiting()
        unsent, self._unsent = self._unsent or [], None
        for word, descriptor in unsent:
            self._send(word, descriptor)

    def _refuse(self, why: str) -> None:
        self._stop_waiting()
        if not self.asked:
            self.booted.discard()
            self._owner.child_refused(self, why)

    def _stop_waiting(self) -> None:
        if self._answer is not None:
            self._answer.cancel()
            self._answer = None
