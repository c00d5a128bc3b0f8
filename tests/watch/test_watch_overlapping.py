"""Roots that lie in each other, of one profile or of several, and profiles that leave out different things."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.inotify import watches_in_use
from tests.support.watching import save, wait_until, watch_set

if TYPE_CHECKING:
    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage


@pytest.mark.parametrize("change", ["modified", "deleted", "created"])
def test_a_change_in_two_roots_of_a_profile_is_told_once(
    stage: Stage, backend: Backend, root: Path, change: str
) -> None:
    """The directory of a script and the script itself, for instance"""
    file = root / "a.py"
    if change != "created":
        save(file, "one")
    shop = stage.begin(watch_set(root, file, backend=backend))
    if change == "deleted":
        file.unlink()
    else:
        save(file, "two two")
    assert shop.told() == {"a.py": change}
    shop.has_told_nothing()


@pytest.fixture
def project(root: Path) -> Path:
    """Two services and what both import."""
    for name in ("api", "web", "common"):
        (root / name / "tests").mkdir(parents=True)
        save(root / name / "main.py", "one")
        save(root / name / "tests/test_main.py", "one")
    return root


def test_profiles_with_roots_in_each_other_share_a_tree(stage: Stage, backend: Backend, project: Path) -> None:
    """Each is told of what lies below its own roots, whoever came first and whoever goes"""
    api = stage.begin(watch_set(project / "api", project / "common", backend=backend), "api")
    whole = stage.begin(watch_set(project, backend=backend, exclude=("web",)), "whole")
    web = stage.begin(watch_set(project / "web", backend=backend, exclude=("tests",)), "web")
    assert [each.watch.statistics().files for each in (api, whole, web)] == [4, 4, 1]
    assert [each.watch.statistics().directories for each in (api, whole, web)] == [4, 5, 1]
    save(project / "common/main.py", "twofold")
    assert _told(api) == _told(whole) == {project / "common/main.py"}
    save(project / "web/tests/test_main.py", "twofold")
    save(project / "web/main.py", "twofold")
    assert _told(web) == {project / "web/main.py"}
    whole.close()
    save(project / "api/tests/test_main.py", "twofold")
    assert _told(api) == {project / "api/tests/test_main.py"}
    whole = stage.begin(watch_set(project, backend=backend), "whole")
    (project / "web/tests/test_main.py").unlink()
    assert _told(whole) == {project / "web/tests/test_main.py"}
    assert api.sets.empty()
    assert web.sets.empty()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_each_directory_is_watched_once(stage: Stage, project: Path) -> None:
    """By the kernel as well, however many profiles look into it, and no more when the last of them goes"""
    alone = stage.begin(watch_set(project), "alone")
    watches = watches_in_use()
    others = [
        stage.begin(watch_set(project / name, exclude=("tests",) * number), f"{name} {number}")
        for name in ("api", "web", "common")
        for number in range(3)
    ]
    assert watches_in_use() == watches
    alone.close()
    for other in others[1:]:
        other.close()
    # What is left: its root, the directory inside, and the one above, for the root's name and a repository.
    wait_until(lambda: watches_in_use() == 3)
    save(project / "api/tests/test_main.py", "twofold")
    assert _told(others[0]) == {project / "api/tests/test_main.py"}


def test_a_root_stays_watched_when_the_one_around_it_leaves_it_out(
    stage: Stage, backend: Backend, project: Path
) -> None:
    """A .gitignore that is edited makes rules for whoever reads it from above, and tells nobody of a change"""
    (project / ".git").mkdir()
    whole = stage.begin(watch_set(project, backend=backend), "whole")
    web = stage.begin(watch_set(project / "web", backend=backend, exclude=()), "web")
    save(project / ".gitignore", "web/\n")
    wait_until(lambda: whole.watch.statistics().files == 4)
    assert web.watch.statistics().files == 2
    save(project / "web/main.py", "twofold")
    assert _told(web) == {project / "web/main.py"}
    save(project / ".gitignore", "")
    wait_until(lambda: whole.watch.statistics().files == 6)
    save(project / "web/main.py", "three times")
    assert _told(web) == _told(whole) == {project / "web/main.py"}
    (project / "web").rename(project / "kept")
    assert _told(web) == {project / "web/main.py", project / "web/tests/test_main.py"}
    (project / "kept").rename(project / "web")
    assert _told(web) == {project / "web/main.py", project / "web/tests/test_main.py"}


def _told(observed: Observed) -> set[Path]:
    """The paths of the next set."""
    return {Path(path) for path in observed.next_set().paths}
