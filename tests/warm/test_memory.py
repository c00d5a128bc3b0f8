"""What is kept between two runs of the daemon, in a real cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import AppTarget
from reloadd.warm.memory import Memory, Recalled, digest_of_installed
from tests.support.launching import profile_in

if TYPE_CHECKING:
    from reloadd.profile.model import Profile

ASKED = {"main": frozenset({"flask", "json"})}


def profile(directory: Path) -> Profile:
    """Of an app."""
    return profile_in(directory, target=AppTarget("main", "app"))


def test_what_was_kept_is_recalled(tmp_path: Path) -> None:
    """For this target and interpreter alone."""
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    kept = Recalled(("a", "b"), {"c": "it fails"}, ASKED, "digest")
    Memory(profile(tmp_path), environ).keep(kept)
    other = replace(profile(tmp_path), launch=replace(profile(tmp_path).launch, python=Path("/usr/bin/python3")))

    assert Memory(profile(tmp_path), environ).recall() == kept
    assert Memory(other, environ).recall() == Recalled()


def test_modules_are_for_the_same_imports_and_packages(tmp_path: Path) -> None:
    """A package that came or went, or another import, and nothing is believed; compiling one is no change."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    paths = [str(tmp_path), str(packages)]
    kept = Recalled(("a", "b"), {}, ASKED, digest_of_installed(paths))

    assert kept.modules_for(ASKED, paths) == ("a", "b")
    (packages / "__pycache__").mkdir()
    assert kept.modules_for(ASKED, paths) == ("a", "b")
    assert kept.modules_for({"main": frozenset({"flask"})}, paths) == ()
    (packages / "flask-3.2.dist-info").mkdir()
    assert kept.modules_for(ASKED, paths) == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": 1}', '{"form": 2, "key": "x"}', "\xff"])
def test_a_file_that_is_not_ours_is_as_none(tmp_path: Path, text: str) -> None:
    """Whatever is wrong with it."""
    memory = Memory(profile(tmp_path), {"XDG_CACHE_HOME": str(tmp_path)})
    memory.keep(Recalled(("a",), {}, ASKED, ""))
    (file,) = (tmp_path / "reloadd" / "warm").iterdir()
    file.write_text(text, "latin-1")

    assert memory.recall() == Recalled()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    """Nothing is raised."""
    (tmp_path / "reloadd").write_text("a file where the directory should be")
    memory = Memory(profile(tmp_path), {"XDG_CACHE_HOME": str(tmp_path)})
    memory.keep(Recalled(("a",), {}, ASKED, ""))

    assert memory.recall() == Recalled()
