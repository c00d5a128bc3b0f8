"""What a changed profile asks for, key by key, and what a changed set of profiles does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reloadd.app import words_for
from reloadd.core.inputs import Cause, Restart, Stop, Why
from reloadd.core.policy import Handover, Policy
from reloadd.core.state import Machine, State
from reloadd.profile.absence import GRACE, Absences
from reloadd.profile.difference import Add, Remove, Renewal, Update, steps_between, update_between
from reloadd.profile.schema import KEYS
from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.core.inputs import Input

APP = '[target]\napp = "web:app"\n[listen]\nhttp = "127.0.0.1:0"\n'
NOTHING, HANDOVER, REPLACE = Renewal.NONE, Renewal.HANDOVER, Renewal.REPLACE

FOLLOWING = {
    "target.module": {"target.module", "ready", "restart.handover"},
    "ready": {"ready", "restart.handover"},
    "target.python": {"target.python", "watch.exclude"},
    "restart.stop-timeout": {"restart.stop-timeout", "restart.drain-timeout"},
}
"""Which keys follow from another one."""

EDITS = [
    ("", "\n\n# a comment\n", None, False, NOTHING),
    (APP, 'after = ["db"]\n' + APP, "after", False, NOTHING),
    (APP, 'restart-with = ["db"]\n' + APP, "restart-with", False, NOTHING),
    ("web:app", "web:other", "target.app", False, HANDOVER),
    ('app"\n', 'app"\nargs = ["-v"]\n', "target.args", False, HANDOVER),
    ('app"\n', 'app"\nenv = { A = "1" }\n', "target.env", False, HANDOVER),
    ('app"\n', 'app"\nserver = "waitress"\n', "target.app", False, HANDOVER),
    ('app"\n', 'app"\npython = "other/bin/python"\n', "target.python", True, HANDOVER),
    ('app = "web:app"', 'module = "web"', "target.module", False, REPLACE),
    ("127.0.0.1:0", "127.0.0.1:7999", "listen.http", False, HANDOVER),
    (":0", ':0"\nadmin = "127.0.0.1:0', "listen.admin", False, HANDOVER),
    (":0", ':0"\ntls = "adhoc', "listen.tls", False, REPLACE),
    ("", '[watch]\ninclude = ["*.txt"]\n', "watch.include", True, NOTHING),
    ("", "[watch]\nsettle = 1\n", "watch.settle", True, NOTHING),
    ("", '[watch]\nroots = ["src"]\n', "watch.roots", True, NOTHING),
    ("", '[restart]\non-exit = "always"\n', "restart.on-exit", False, NOTHING),
    ("", "[restart]\nstop-timeout = 4\n", "restart.stop-timeout", False, NOTHING),
    ("", "[restart]\nbackoff = { attempts = 9 }\n", "restart.backoff", False, NOTHING),
    ("", "[ready]\nstarted = 1\n", "ready", False, NOTHING),
    ("", "[warm]\nbudget-mb = 100\n", "warm.budget-mb", False, NOTHING),
]


@pytest.mark.parametrize(("old", "new", "key", "renews_watch", "child"), EDITS, ids=[str(edit[2]) for edit in EDITS])
def test_a_key_asks_for_what_it_takes(
    tmp_path: Path, old: str, new: str, key: str | None, *, renews_watch: bool, child: Renewal
) -> None:
    """A policy restarts nothing, what is watched renews the watch, what a child was given renews the child."""
    directory = ProfileDirectory(tmp_path).write({"src/": ""})
    directory.environment("other")
    before = directory.profile(APP)
    after = directory.read_alone(APP.replace(old, new) if old else APP + new)

    update = update_between(before, after)

    if key is None:
        assert update is None
        return
    assert update is not None
    assert set(update.changed) == FOLLOWING.get(key, {key})
    assert (update.renews_watch, update.child) == (renews_watch, child)
    assert update.renews_supply == (child is not NOTHING or key in {"restart.stop-timeout", "ready", "warm.budget-mb"})


def test_what_was_prepared_is_told_what_is_no_longer_right(tmp_path: Path) -> None:
    """For the record of the cold start that follows; what changed besides has nothing to do with it."""
    profile = ProfileDirectory(tmp_path).write({"src/": ""}).profile(APP)
    changed = ("target.env", "listen.http", "watch.include", "restart.backoff", "restart.drain-timeout")
    update = Update(profile, changed, renews_watch=True, renews_supply=True, child=NOTHING)

    assert update.why_supply == "the profile has another `target.env`, `listen.http`, `restart.drain-timeout`"


def test_every_key_is_noticed() -> None:
    """There is an edit above for each table of the reference, and for each key above all tables but the name."""
    tables = {key.path[0] for key in KEYS} - {"name"}

    assert {str(edit[2]).partition(".")[0] for edit in EDITS if edit[2]} == tables


def test_a_set_of_profiles_becomes_another(tmp_path: Path) -> None:
    """What is gone goes first; a profile that stands in another file is the same one; a new name is a new app."""
    directory = ProfileDirectory(tmp_path)
    a, b, c, d = (directory.profile(APP, f"{name}.toml") for name in "abcd")
    moved = replace(a, file=tmp_path / "elsewhere.toml")
    edited = replace(b, after=("a",))

    steps = steps_between((a, b, c), (moved, edited, d))

    assert steps == (
        Remove(c),
        Update(edited, ("after",), renews_watch=False, renews_supply=False, child=NOTHING),
        Add(d),
    )
    assert steps_between((a, b), (b, a)) == ()


ANEW = Restart(Why(Cause.PROFILE))
OVERLAP = Policy(handover=Handover.OVERLAP)


@pytest.mark.parametrize(
    ("child", "machine", "words"),
    [
        (NOTHING, Machine(state=State.SERVING, wanted=True), ()),
        (NOTHING, Machine(state=State.HELD, wanted=True, failures=5), (ANEW,)),
        (NOTHING, Machine(state=State.BACKOFF, wanted=True, failures=1), (ANEW,)),
        (NOTHING, Machine(state=State.HELD, wanted=True), ()),
        (HANDOVER, Machine(OVERLAP, State.SERVING, wanted=True), (ANEW,)),
        (REPLACE, Machine(OVERLAP, State.SERVING, wanted=True), (Stop(), ANEW)),
        (REPLACE, Machine(state=State.SERVING, wanted=True), (ANEW,)),
        (REPLACE, Machine(state=State.HELD, wanted=True), (ANEW,)),
        (HANDOVER, Machine(OVERLAP, State.DOWN), ()),
    ],
)
def test_a_machine_is_told_what_it_takes(child: Renewal, machine: Machine, words: tuple[Input, ...]) -> None:
    """What failed under the old values is tried under the new ones; what the user stopped stays down."""
    assert words_for(child, machine) == words


def test_a_file_that_vanished_is_held_for_a_moment(tmp_path: Path) -> None:
    """Until it is there again, or has been gone for too long; a second absence begins anew."""
    file, other = tmp_path / "a.toml", tmp_path / "b.toml"
    gone = Absences().noted([file], 10.0)
    later = gone.noted([file, other], 10.5)

    assert (gone.held(10.9), gone.due(10.9)) == (frozenset({file}), 10.0 + GRACE)
    assert (later.held(11.2), later.due(11.2)) == (frozenset({other}), 10.5 + GRACE)
    assert (later.held(20.0), later.due(20.0)) == (frozenset(), None)
    assert later.noted([], 10.7).noted([file], 11.2).held(11.9) == {file}
