"""Which names a path is found through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.watch.links import Name, leads_back, names_behind

if TYPE_CHECKING:
    from pathlib import Path


def names(path: Path) -> set[tuple[str, str]]:
    """The names behind a path, below its topmost directory."""
    return set(names_behind(str(path)))


def test_a_plain_file_is_found_by_its_name(tmp_path: Path) -> None:
    """Only its own name in its own directory matters"""
    (tmp_path / "a.py").touch()
    assert names(tmp_path / "a.py") == {Name(str(tmp_path), "a.py")}


def test_each_link_on_the_way_counts(tmp_path: Path) -> None:
    """A link to a link, one of them relative, and a link among the directories"""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/target.py").touch()
    (tmp_path / "directory").symlink_to(tmp_path / "real")
    (tmp_path / "second").symlink_to("directory/../directory/target.py")
    (tmp_path / "first").symlink_to(tmp_path / "second")
    assert names(tmp_path / "first") == {
        Name(str(tmp_path), "first"),
        Name(str(tmp_path), "second"),
        Name(str(tmp_path), "directory"),
        Name(str(tmp_path / "real"), "target.py"),
    }


def test_a_missing_name_is_the_last(tmp_path: Path) -> None:
    """What lies below it cannot matter before it is there"""
    assert names(tmp_path / "not/yet/a.py") == {Name(str(tmp_path), "not")}
    (tmp_path / "link").symlink_to("not/yet")
    assert names(tmp_path / "link") == {Name(str(tmp_path), "link"), Name(str(tmp_path), "not")}


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    """Links that lead to each other lead nowhere, and are both waited for"""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert names(tmp_path / "a") == {Name(str(tmp_path), "a"), Name(str(tmp_path), "b")}


def test_a_link_to_a_directory_above_leads_back(tmp_path: Path) -> None:
    """One to a directory beside does not"""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "beside").mkdir()
    for name, target, expected in (("up", "a", True), ("top", ".", True), ("side", "beside", False)):
        link = tmp_path / "a/b" / name
        link.symlink_to(tmp_path / target)
        assert leads_back(str(link)) is expected
    (tmp_path / "dangling").symlink_to("none")
    assert not leads_back(str(tmp_path / "dangling"))
