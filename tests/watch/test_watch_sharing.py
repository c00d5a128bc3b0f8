"""Profiles that watch the same, and a watch set that changes while it is watched."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.watching import save, wait_until, watch_set

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage


def test_equal_watch_sets_are_watched_once(stage: Stage, backend: Backend, root: Path) -> None:
    """Fifty profiles on one root cost one walk; each has its records and is told of each change"""
    (root / "sub").mkdir()
    profiles = [stage.begin(watch_set(root, backend=backend), f"{number}") for number in range(50)]
    assert len(stage.watcher._shared) == 1
    assert [each.profile for each in stage.records if each.name == "watch.started"] == [str(n) for n in range(50)]
    save(root / "sub/a.py", "one")
    for profile in profiles:
        assert profile.told() == {"sub/a.py": "created"}
    for profile in profiles[1:]:
        profile.close()
    save(root / "sub/a.py", "two")
    assert profiles[0].told() == {"sub/a.py": "modified"}
    assert profiles[1].sets.empty()
    profiles[0].close()
    assert not stage.watcher._shared


def test_one_walk_serves_different_globs(stage: Stage, backend: Backend, root: Path) -> None:
    """Each profile has the files that match its own globs and is told of these; one that goes takes nothing along"""
    for name in ("a.py", "page.html", "style.css"):
        save(root / name, "one")
    api = stage.begin(watch_set(root, backend=backend), "api")
    pages = stage.begin(watch_set(root, backend=backend, include=("*.html", "*.css")), "pages")
    styles = stage.begin(watch_set(root, backend=backend, include=("*.css",)), "styles")
    assert len(stage.watcher._shared) == 1
    assert [each.watch.statistics().files for each in (api, pages, styles)] == [1, 2, 1]
    save(root / "style.css", "twofold")
    assert pages.told() == styles.told() == {"style.css": "modified"}
    save(root / "page.html", "twofold")
    assert pages.told() == {"page.html": "modified"}
    pages.close()
    save(root / "page.html", "three times")
    save(root / "a.py", "twofold")
    assert api.told() == {"a.py": "modified"}
    save(root / "style.css", "three times")
    assert styles.told() == {"style.css": "modified"}
    assert pages.sets.empty()
    assert [each.watch.statistics().files for each in (api, styles)] == [1, 1]


def test_globs_that_come_later_reach_where_none_did(stage: Stage, backend: Backend, root: Path) -> None:
    """Directories that could hold nothing are entered for the one who looks there, and left when it goes"""
    (root / "pages/old").mkdir(parents=True)
    (root / "code").mkdir()
    save(root / "pages/old/page.html", "one")
    code = stage.begin(watch_set(root, backend=backend, include=("code/*.py",)), "code")
    assert code.watch.statistics().directories == 2
    pages = stage.begin(watch_set(root, backend=backend, include=("pages/**/*.html",)), "pages")
    assert code.watch.statistics().directories == 4
    save(root / "pages/old/page.html", "twofold")
    assert pages.told() == {"pages/old/page.html": "modified"}
    pages.close()
    save(root / "code/a.py", "one")
    assert code.told() == {"code/a.py": "created"}
    wait_until(lambda: code.watch.statistics().directories == 2)
    code.has_told_nothing("code/sentinel.py")


def test_each_profile_keeps_its_own_pace(stage: Stage, backend: Backend, root: Path) -> None:
    """One that waits for quiet holds up no other; what it is not yet told is told when it waits no longer"""
    save(root / "a.py", "one")
    quick = stage.begin(watch_set(root, backend=backend), "quick")
    slow = stage.begin(watch_set(root, backend=backend, settle=60), "slow")
    save(root / "a.py", "twofold")
    assert quick.told() == {"a.py": "modified"}
    save(root / "b.py", "one")
    assert quick.told() == {"b.py": "created"}
    assert slow.sets.empty()
    slow = stage.begin(watch_set(root, backend=backend), "slow", instead_of=slow)
    assert slow.told() == {"a.py": "modified", "b.py": "created"}


def test_profiles_that_come_together_are_walked_for_once(stage: Stage, backend: Backend, root: Path) -> None:
    """Whatever their globs: fifty that begin at the same time cost one walk, and each has its own baseline"""
    (root / "sub").mkdir()
    save(root / "sub/a.py", "one")
    sets = [watch_set(root, backend=backend, include=("*.py", f"*.{number}")) for number in range(50)]
    profiles = stage.begin_together(sets)
    assert len(stage.watcher._shared) == 1
    started = [each for each in stage.records if each.name == "watch.started"]
    assert [each.fields["files"] for each in started] == [1] * 50
    save(root / "sub/b.7", "one")
    assert profiles[7].told() == {"sub/b.7": "created"}
    save(root / "sub/a.py", "twofold")
    for profile in profiles:
        assert profile.told() == {"sub/a.py": "modified"}


def test_the_failure_of_one_profile_hinders_no_other(stage: Stage, root: Path) -> None:
    """Whoever is told and breaks is named in the record"""

    def listen(_changes: object) -> None:
        raise LookupError("not ready")

    stage.begin_with(watch_set(root), listen)
    other = stage.begin(watch_set(root), "other")
    save(root / "a.py", "one")
    assert other.told() == {"a.py": "created"}
    failed = stage.recorded("watch.failed")
    assert (failed.profile, failed.fields) == ("shop", {"error": "LookupError('not ready')"})


def test_a_watch_set_is_changed_without_a_gap(stage: Stage, backend: Backend, root: Path) -> None:
    """Saves go on while globs are edited: what mattered before and after is told, whenever it was saved"""
    for name in ("a.py", "b.py", "page.html"):
        save(root / name, "one")
    base = watch_set(root, backend=backend)
    shop = stage.begin(base)
    for number in range(20):
        writer = threading.Thread(target=save, args=(root / "a.py", f"{number}"))
        writer.start()
        include = ("*.py", "*.html") if number % 2 else ("*.py",)
        shop = stage.begin(replace(base, include=(*include, f"{number}")), instead_of=shop)
        writer.join()
        _is_told(shop, {"a.py": "modified"})
    assert len(stage.watcher._shared) == 1
    save(root / "page.html", "two")
    _is_told(shop, {"page.html": "modified"})


def _is_told(shop: Observed, change: dict[str, str]) -> None:
    """A save that fell in between may be told twice, and so once more with what comes next."""
    while not change.items() <= (told := shop.told()).items():
        assert told == {"a.py": "modified"}


def test_new_globs_are_no_changes(stage: Stage, backend: Backend, root: Path) -> None:
    """A file that is newly taken in or left out was not changed; one that mattered to both, and was, is told"""
    for name in ("a.py", "gone.py", "page.html"):
        save(root / name, "one")
    shop = stage.begin(watch_set(root, backend=backend, settle=60))
    save(root / "a.py", "twofold")
    save(root / "new.py", "one")
    save(root / "page.html", "twofold")
    (root / "gone.py").unlink()
    shop = stage.begin(watch_set(root, backend=backend, include=("*.py", "*.html")), instead_of=shop)
    shop.comes_to({"a.py": "modified", "new.py": "created", "gone.py": "deleted"})
    shop.has_told_nothing()


def test_what_went_with_its_root_is_told_by_the_next_watch(stage: Stage, backend: Backend, root: Path) -> None:
    """There is no directory left to ask whether a file in it would matter"""
    save(root / "a.py", "one")
    save(root / "page.html", "one")
    shop = stage.begin(watch_set(root, backend=backend, include=("*.py", "*.html"), settle=60))
    (root / "a.py").unlink()
    (root / "page.html").unlink()
    root.rmdir()
    shop = stage.begin(watch_set(root, backend=backend), instead_of=shop)
    assert shop.told() == {"a.py": "deleted"}


def test_a_root_is_added_without_a_gap(stage: Stage, backend: Backend, root: Path) -> None:
    """What is below the new root is watched from then on, and what is no longer a root is not"""
    for name in ("one", "two"):
        (root / name).mkdir()
        save(root / name / "a.py", "one")
    first = stage.begin(watch_set(root / "one", backend=backend))
    second = stage.begin(watch_set(root / "two", backend=backend), instead_of=first)
    save(root / "one/a.py", "two")
    save(root / "two/a.py", "two")
    assert second.told() == {"a.py": "modified"}
    second.has_told_nothing()


def test_the_same_watch_set_again_is_no_work(stage: Stage, root: Path) -> None:
    """Nothing is walked when a profile is read again and watches what it watched"""
    first = stage.begin(watch_set(root))
    (shared,) = stage.watcher._shared.values()
    second = stage.begin(watch_set(root), instead_of=first)
    assert list(stage.watcher._shared.values()) == [shared]
    save(root / "a.py", "one")
    assert second.told() == {"a.py": "created"}
    second.close()
    wait_until(lambda: not stage.watcher._shared)


def test_who_has_gone_leaves_nothing_behind(stage: Stage, backend: Backend, root: Path) -> None:
    """Nothing of their roots is kept, whoever they were, so that a daemon does not grow with each edit of a profile"""
    (root / "sub").mkdir()
    (root / "kept").mkdir()
    (root / "sub/.gitignore").touch()
    save(root / "kept/a.py", "one")
    shop = stage.begin(watch_set(root / "kept", backend=backend))
    for number in range(10):
        stage.begin(watch_set(root, root / "sub", backend=backend, exclude=(f"{number}",)), "passer-by").close()
    save(root / "kept/a.py", "twofold")
    assert shop.told() == {"a.py": "modified"}
    (shared,) = stage.watcher._shared.values()
    wait_until(lambda: shared.is_at_rest)
    tree = shared.lookout._tree
    wait_until(lambda: len(shared.lookout._scopes._made) == 1)
    assert len(tree._directories._counts) == 1
    assert not tree._roots.files._read
