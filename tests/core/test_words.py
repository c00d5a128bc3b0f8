"""Small pure parts: exits, changes, reasons, backoff, servers."""

from __future__ import annotations

import pytest

from reloadd.core.changes import Change, ChangeKind, ChangeSet, net_changes
from reloadd.core.exits import ExitStatus
from reloadd.core.inputs import Cause, Why
from reloadd.core.policy import Backoff
from reloadd.core.servers import Ability, Server, able_servers, missing_abilities

CREATED, MODIFIED, DELETED = ChangeKind.CREATED, ChangeKind.MODIFIED, ChangeKind.DELETED


@pytest.mark.parametrize(
    ("status", "short", "words"),
    [
        (ExitStatus(code=0), "code 0", "code 0 (success)"),
        (ExitStatus(code=3), "code 3", "code 3 (asks to be started again)"),
        (ExitStatus(code=42), "code 42", "code 42"),
        (ExitStatus(signal="SIGSEGV"), "SIGSEGV", "SIGSEGV (segmentation fault)"),
        (ExitStatus(signal="SIGRTMIN"), "SIGRTMIN", "SIGRTMIN"),
    ],
)
def test_exit_is_said_in_words(status: ExitStatus, short: str, words: str) -> None:
    """A code or a signal, with its conventional meaning where it has one."""
    assert (short, words) == (str(status), status.words)


def test_a_kill_of_ours_is_not_taken_for_the_kernels() -> None:
    """Who killed it is known; any other end is told as ever."""
    killed, failed = ExitStatus(signal="SIGKILL"), ExitStatus(code=1)

    assert (killed.words, killed.words_if_asked) == (
        "SIGKILL (killed, perhaps out of memory)",
        "SIGKILL (killed by reloadd)",
    )
    assert failed.words_if_asked == failed.words


@pytest.mark.parametrize("both", [{}, {"code": 1, "signal": "SIGTERM"}])
def test_exit_is_a_code_or_a_signal(both: dict[str, object]) -> None:
    """A process cannot end in two ways, nor in none."""
    with pytest.raises(ValueError, match="a code or by a signal"):
        ExitStatus(**both)  # type: ignore[arg-type]  # what is wrong about it is the test


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([CREATED], CREATED),
        ([CREATED, MODIFIED], CREATED),
        ([CREATED, DELETED], None),
        ([DELETED, CREATED], MODIFIED),
        ([MODIFIED, DELETED], DELETED),
        ([MODIFIED, MODIFIED], MODIFIED),
        ([CREATED, DELETED, CREATED], CREATED),
    ],
)
def test_changes_of_one_path_come_to_one(kinds: list[ChangeKind], expected: ChangeKind | None) -> None:
    """What matters is how the path differs from what was known at first."""
    net = net_changes(tuple(Change(kind, "/a") for kind in kinds))

    assert ((Change(expected, "/a"),) if expected else ()) == net


def test_followed_change_set_spans_both() -> None:
    """The restart that answers to both began with the first save."""
    first = ChangeSet((Change(MODIFIED, "/b"),), seen_at=1.0, settled_at=1.1)
    second = ChangeSet((Change(CREATED, "/a"),), seen_at=2.0, settled_at=2.1)

    assert ChangeSet((Change(CREATED, "/a"), Change(MODIFIED, "/b")), 1.0, 2.1) == first.followed_by(second)


def test_reason_keeps_files_over_a_retry() -> None:
    """A start that is tried again still answers to the edit behind it."""
    edit = ChangeSet((Change(MODIFIED, "/a"),), 1.0, 1.0)

    assert Why(Cause.CHANGE, edit) == Why(Cause.CHANGE, edit).followed_by(Why(Cause.EXIT))
    assert Why(Cause.CHANGE, edit) == Why(Cause.START).followed_by(Why(Cause.CHANGE, edit))
    assert Why(Cause.COMMAND) == Why(Cause.START).followed_by(Why(Cause.COMMAND))


def test_backoff_grows_to_its_limit() -> None:
    """However many failures there were, the wait stays finite and bounded."""
    backoff = Backoff(first=0.2, factor=2, most=10)

    assert [round(backoff.delay(failures), 3) for failures in range(1, 5)] == [0.2, 0.4, 0.8, 1.6]
    assert backoff.delay(10_000) == 10


def test_only_able_servers_are_offered() -> None:
    """What a server cannot do by its own options is not asked of it."""
    assert able_servers(frozenset()) == tuple(Server)
    assert able_servers(frozenset({Ability.TLS_ADHOC})) == (Server.WERKZEUG,)
    assert able_servers(frozenset({Ability.THREADS})) == (Server.WAITRESS, Server.WSGIREF)
    assert missing_abilities(Server.WSGIREF, frozenset({Ability.PROCESSES, Ability.THREADS})) == {Ability.PROCESSES}
