"""Directories that come, go, move and are links: the same with events and with polling."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tests.support.watching import save, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]


def fill(directory: Path, names: int = 3) -> None:
    """Make a directory with files in it."""
    directory.mkdir(parents=True)
    for number in range(names):
        save(directory / f"{number}.py", "one")


def test_a_new_directory_filled_at_once_is_told(begin: Begin, root: Path) -> None:
    """Files that were there before anybody listened in their directory are found by looking"""
    shop = begin(root)
    fill(root / "a/b/c", 20)
    shop.comes_to({f"a/b/c/{number}.py": "created" for number in range(20)})
    save(root / "a/b/c/0.py", "two")
    assert shop.told() == {"a/b/c/0.py": "modified"}


def test_an_empty_directory_is_listened_to(begin: Begin, root: Path) -> None:
    """What is put into a new directory later is told, at any depth"""
    shop = begin(root)
    (root / "a/b/c").mkdir(parents=True)
    shop.has_told_nothing()
    save(root / "a/b/c/late.py", "one")
    assert shop.told() == {"a/b/c/late.py": "created"}


def test_a_directory_moved_in_is_told(begin: Begin, root: Path, tmp_path: Path) -> None:
    """Everything in it is new, and is watched from then on"""
    fill(tmp_path / "outside/sub")
    shop = begin(root)
    (tmp_path / "outside").rename(root / "a")
    assert shop.told() == {f"a/sub/{number}.py": "created" for number in range(3)}
    save(root / "a/sub/0.py", "two")
    assert shop.told() == {"a/sub/0.py": "modified"}


def test_a_directory_moved_out_is_told_and_no_longer_watched(begin: Begin, root: Path, tmp_path: Path) -> None:
    """Everything in it is deleted; what happens to it elsewhere is nobody's business"""
    fill(root / "a/sub")
    shop = begin(root)
    (root / "a").rename(tmp_path / "outside")
    assert shop.told() == {f"a/sub/{number}.py": "deleted" for number in range(3)}
    save(tmp_path / "outside/sub/0.py", "two")
    shop.has_told_nothing()


def test_a_directory_moved_within_is_told_under_both_names(begin: Begin, root: Path) -> None:
    """And is watched under the new one only"""
    fill(root / "a/sub", 1)
    shop = begin(root)
    (root / "a").rename(root / "b")
    assert shop.told() == {"a/sub/0.py": "deleted", "b/sub/0.py": "created"}
    save(root / "b/sub/0.py", "two")
    assert shop.told() == {"b/sub/0.py": "modified"}


def test_directories_that_change_places_are_followed(begin: Begin, root: Path, tmp_path: Path) -> None:
    """Moved out, made anew, moved away, and the first one deleted elsewhere: saves are still told"""
    fill(root / "a", 1)
    shop = begin(root)
    (root / "a").rename(tmp_path / "out")
    (root / "a").mkdir()
    (root / "a").rename(root / "b")
    shutil.rmtree(tmp_path / "out")
    assert shop.told() == {"a/0.py": "deleted"}
    save(root / "b/0.py", "two")
    assert shop.told() == {"b/0.py": "created"}


def test_a_deleted_tree_is_told(begin: Begin, root: Path) -> None:
    """Each file that mattered is deleted, in one set"""
    fill(root / "a")
    fill(root / "a/b")
    shop = begin(root)
    shutil.rmtree(root / "a")
    expected = {f"a/{number}.py": "deleted" for number in range(3)}
    shop.comes_to(expected | {f"a/b/{number}.py": "deleted" for number in range(3)})


def test_a_file_becomes_a_directory_and_back(begin: Begin, root: Path) -> None:
    """A name that changes its kind is followed, even where a directory has a file's name"""
    save(root / "a.py", "one")
    shop = begin(root)
    (root / "a.py").unlink()
    fill(root / "a.py", 1)
    shop.comes_to({"a.py": "deleted", "a.py/0.py": "created"})
    shutil.rmtree(root / "a.py")
    save(root / "a.py", "two")
    shop.comes_to({"a.py": "created", "a.py/0.py": "deleted"})


def test_a_root_that_is_not_there_yet_is_waited_for(begin: Begin, root: Path) -> None:
    """Nor need its parents be there; what is in it when it appears is new"""
    shop = begin(root / "later/still")
    fill(root / "later/still", 1)
    assert shop.told() == {"0.py": "created"}
    save(root / "later/still/0.py", "two")
    assert shop.told() == {"0.py": "modified"}


def test_a_root_that_is_deleted_and_made_again_is_followed(begin: Begin, root: Path) -> None:
    """Deletion is told, and so is what is in the new one"""
    fill(root / "app", 1)
    shop = begin(root / "app")
    shutil.rmtree(root / "app")
    assert shop.told() == {"0.py": "deleted"}
    fill(root / "app", 2)
    shop.comes_to({"0.py": "created", "1.py": "created"})
    save(root / "app/1.py", "two")
    assert shop.told() == {"1.py": "modified"}


def test_a_root_that_is_swapped_is_followed(begin: Begin, root: Path) -> None:
    """Another directory under the root's name: the difference is told, and later saves in the new one only"""
    fill(root / "app", 2)
    fill(root / "other", 3)
    save(root / "other/0.py", "another")
    shop = begin(root / "app")
    (root / "app").rename(root / "old")
    (root / "other").rename(root / "app")
    told = shop.told()
    assert told["0.py"] == "modified"
    assert told["2.py"] == "created"
    save(root / "old/0.py", "nobody's business")
    shop.has_told_nothing()


def test_a_link_to_a_file_is_followed(begin: Begin, root: Path, tmp_path: Path) -> None:
    """The file it leads to is watched wherever it is, and so is the link"""
    save(tmp_path / "one.py", "one")
    save(tmp_path / "two.py", "number two")
    (root / "a.py").symlink_to(tmp_path / "one.py")
    shop = begin(root)
    save(tmp_path / "one.py", "changed")
    assert shop.told() == {"a.py": "modified"}
    (root / "beside").symlink_to(tmp_path / "two.py")
    (root / "beside").replace(root / "a.py")
    assert shop.told() == {"a.py": "modified"}
    save(tmp_path / "two.py", "changed too")
    assert shop.told() == {"a.py": "modified"}
    save(tmp_path / "one.py", "no longer of interest")
    shop.has_told_nothing()


def test_a_link_to_a_directory_is_followed(begin: Begin, root: Path, tmp_path: Path) -> None:
    """What is below it is watched, under the link's name"""
    fill(tmp_path / "outside/sub", 1)
    (root / "a").symlink_to(tmp_path / "outside")
    shop = begin(root)
    save(tmp_path / "outside/sub/0.py", "two")
    assert shop.told() == {"a/sub/0.py": "modified"}
    (root / "a").unlink()
    assert shop.told() == {"a/sub/0.py": "deleted"}
    save(tmp_path / "outside/sub/0.py", "no longer of interest")
    shop.has_told_nothing()


def test_a_link_that_leads_nowhere_is_waited_for(begin: Begin, root: Path, tmp_path: Path) -> None:
    """When its target appears, the file is there"""
    (root / "a.py").symlink_to(tmp_path / "not/yet.py")
    shop = begin(root)
    (tmp_path / "not").mkdir()
    save(tmp_path / "not/yet.py", "one")
    assert shop.told() == {"a.py": "created"}


def test_a_link_that_takes_a_directory_s_place_is_waited_for(begin: Begin, root: Path, tmp_path: Path) -> None:
    """Also if the directory above was swapped with it, so that no event names the link"""
    (root / "sub/linked").mkdir(parents=True)
    save(root / "sub/linked/a.py", "one")
    shop = begin(root)
    (tmp_path / "new").mkdir()
    (tmp_path / "new/linked").symlink_to(tmp_path / "target")
    (root / "sub").rename(tmp_path / "old")
    (tmp_path / "new").rename(root / "sub")
    assert shop.told() == {"sub/linked/a.py": "deleted"}
    (tmp_path / "made").mkdir()
    save(tmp_path / "made/a.py", "two")
    (tmp_path / "made").rename(tmp_path / "target")
    assert shop.told() == {"sub/linked/a.py": "created"}


def test_links_that_lead_back_are_not_followed(begin: Begin, root: Path) -> None:
    """Neither to a directory that the link lies in, nor by two links to each other, nor to above the root"""
    fill(root / "a", 1)
    fill(root / "b", 1)
    (root / "a/self").symlink_to(root / "a")
    (root / "a/other").symlink_to(root / "b")
    (root / "b/other").symlink_to(root / "a")
    (root / "a/up").symlink_to(root.parent)
    shop = begin(root)
    assert shop.watch.statistics().files == 4
    save(root / "a/0.py", "two")
    assert shop.told() == {"a/0.py": "modified", "b/other/0.py": "modified"}


def test_a_directory_that_led_back_may_lead_on(begin: Begin, root: Path, tmp_path: Path) -> None:
    """Once a link above it is another one, though nothing has changed where it lies; and back again"""
    fill(tmp_path / "around/sub", 1)
    (tmp_path / "around/sub/up").symlink_to(tmp_path / "around")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/up").symlink_to(tmp_path / "around")
    let_clocks_tick(tmp_path / "around")
    (root / "a").symlink_to(tmp_path / "around/sub")
    shop = begin(root)
    assert shop.watch.statistics().files == 1
    (root / "next").symlink_to(tmp_path / "beside")
    (root / "next").replace(root / "a")
    shop.comes_to({"a/0.py": "deleted", "a/up/sub/0.py": "created"})
    (root / "next").symlink_to(tmp_path / "around/sub")
    (root / "next").replace(root / "a")
    shop.comes_to({"a/0.py": "created", "a/up/sub/0.py": "deleted"})


def test_a_directory_that_leads_back_by_a_new_link_is_left(begin: Begin, root: Path, tmp_path: Path) -> None:
    """Once it is the root itself, since a link has the root's name, though nothing has changed where it lies"""
    fill(root / "a/b/c", 1)
    let_clocks_tick(root / "a/b")
    shop = begin(root)
    (root / "a").rename(tmp_path / "out")
    root.rmdir()
    (tmp_path / "out/b/c/a").symlink_to(tmp_path / "out")
    root.symlink_to(tmp_path / "out/b/c")
    shop.comes_to({"0.py": "created", "a/b/c/0.py": "deleted"})


def let_clocks_tick(directory: Path) -> None:
    """Let a directory's time be so old that it vouches for what is in it."""
    written = directory.stat().st_mtime - 60
    os.utime(directory, (written, written))


def test_a_root_that_is_a_link_is_followed(begin: Begin, root: Path) -> None:
    """Changes are told under the link's name, and another target is noticed"""
    fill(root / "one", 1)
    fill(root / "two", 2)
    link = root / "current"
    link.symlink_to(root / "one")
    shop = begin(link)
    save(root / "one/0.py", "changed")
    assert shop.told() == {"0.py": "modified"}
    (root / "next").symlink_to(root / "two")
    (root / "next").replace(link)
    told = shop.told()
    assert told["1.py"] == "created"
    save(root / "two/1.py", "changed")
    assert shop.told() == {"1.py": "modified"}


def test_a_mounted_configuration_is_followed(begin: Begin, root: Path) -> None:
    """As Kubernetes swaps a ConfigMap: the file is a link through `..data`, of which only that link changes"""
    for version, text in (("..2024", "one"), ("..2025", "version two")):
        (root / version).mkdir()
        save(root / version / "app.py", text)
    (root / "..data").symlink_to("..2024")
    (root / "app.py").symlink_to("..data/app.py")
    shop = begin(root)
    (root / "..data_tmp").symlink_to("..2025")
    (root / "..data_tmp").replace(root / "..data")
    assert shop.told()["app.py"] == "modified"


def test_an_excluded_directory_is_neither_told_nor_entered(begin: Begin, root: Path) -> None:
    """Not when it is there at the start, nor when it is made and filled later"""
    fill(root / "node_modules/left", 5)
    fill(root / "app", 1)
    shop = begin(root)
    fill(root / "app/node_modules/right", 50)
    fill(root / "node_modules/more", 5)
    save(root / "node_modules/left/0.py", "two")
    shop.has_told_nothing()
    assert shop.watch.statistics().directories == 2


def test_directories_that_can_hold_no_match_are_not_entered(stage: Stage, backend: Backend, root: Path) -> None:
    """A glob from the root down says which directories to look into"""
    fill(root / "src/deep", 1)
    fill(root / "docs/deep", 1)
    shop = stage.begin(watch_set(root, backend=backend, include=("src/**/*.py", "*.none/../x", "/*.cfg")))
    assert shop.watch.statistics().directories == 3
    save(root / "docs/deep/0.py", "two")
    save(root / "src/deep/0.py", "two")
    assert shop.told() == {"src/deep/0.py": "modified"}


def test_overlapping_roots_name_each_file_once(stage: Stage, backend: Backend, root: Path) -> None:
    """A file below two roots of one profile is one change"""
    fill(root / "src", 1)
    shop = stage.begin(watch_set(root, root / "src", backend=backend))
    save(root / "src/0.py", "two")
    assert shop.told() == {"src/0.py": "modified"}


def test_both_of_two_profiles_are_told(stage: Stage, backend: Backend, root: Path) -> None:
    """Profiles whose roots overlap do not take each other's changes, nor does the end of one blind the other"""
    fill(root / "src", 1)
    one = stage.begin(watch_set(root, backend=backend), "one")
    two = stage.begin(watch_set(root / "src", backend=backend, include=("*.py", "*.html")), "two")
    save(root / "src/0.py", "two")
    assert one.told() == {"src/0.py": "modified"}
    assert two.told() == {"0.py": "modified"}
    save(root / "src/page.html", "two")
    assert two.told() == {"page.html": "created"}
    one.close()
    save(root / "src/0.py", "three")
    assert two.told() == {"0.py": "modified"}
    fill(root / "src/new", 1)
    assert two.told() == {"new/0.py": "created"}
    assert one.sets.empty()


def test_a_case_only_rename_is_two_changes(begin: Begin, root: Path) -> None:
    """Names differ by case"""
    save(root / "a.py", "one")
    shop = begin(root)
    (root / "a.py").rename(root / "A.py")
    assert shop.told() == {"a.py": "deleted", "A.py": "created"}
