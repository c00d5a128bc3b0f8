"""Programs that write many files: in the end everything was told, and nothing that did not happen. Both backends."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.profile.model import Backend
from tests.support.environments import environment
from tests.support.interpreters import newest_interpreter
from tests.support.watching import Both, digested, save, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]

FILES = 500


def write_all(root: Path, text: str) -> None:
    """Write every file of a tree."""
    for number in range(FILES):
        (root / f"package{number % 10}").mkdir(exist_ok=True)
        save(root / f"package{number % 10}/{number}.py", f"{text} = {number}\n")


def every_file(kind: str) -> dict[str, str]:
    """Each file of the tree, changed in one way."""
    return {f"package{number % 10}/{number}.py": kind for number in range(FILES)}


def test_a_formatter_after_a_save_is_one_set_more(begin: Begin, root: Path) -> None:
    """Ruff, whose write comes some milliseconds after the editor's: two sets at the most, the last with the result"""
    ruff = Path(sys.executable).with_name("ruff")
    save(root / "a.py", "x = 1\n")
    for number in range(3):
        shop = digested(begin(root))
        save(root / "a.py", f"x   =   {number + 10}\n")
        subprocess.run([ruff, "format", "--quiet", "--isolated", "--no-cache", root / "a.py"], check=True)
        assert (root / "a.py").read_text() == f"x = {number + 10}\n"
        save(root / "after.py", f"{number}")
        sets = [shop.told()]
        while "after.py" not in sets[-1]:
            sets.append(shop.told())
        assert sum("a.py" in each for each in sets) in {1, 2}
        shop.close()


def test_a_formatter_of_a_whole_tree_is_told_whole(stage: Stage, root: Path) -> None:
    """Black, which takes 10 ms and more for each file: every file is told once, as modified"""
    black = environment(newest_interpreter(), "black").with_name("black")
    write_all(root, "x  ")
    both = Both(stage, root)
    subprocess.run([black, "--quiet", "--workers", "1", root], check=True)
    both.tell_each_once(every_file("modified"))
    both.tell_nothing_more()


def wheel(directory: Path, version: int, modules: int) -> Path:
    """A wheel of so many modules: the binary distribution format."""
    file = directory / f"left-{version}-py3-none-any.whl"
    information = f"left-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(modules):
            archive.writestr(f"left/part{number}.py", f"VERSION = {version}\n")
        archive.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: left\nVersion: {version}\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    return file


def test_an_installation_is_told_whole(stage: Stage, tmp_path: Path) -> None:
    """Installed, upgraded to a version with fewer modules, and removed by pip, where it is watched"""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    site = next((venv / "lib").iterdir()) / "site-packages"
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin/python"), "--quiet", "--no-input"]
    shops = [
        stage.begin(watch_set(site, backend=backend, exclude=("__pycache__", "~*", "*.tmp")), backend.value)
        for backend in (Backend.EVENTS, Backend.POLL)
    ]

    def run(*arguments: str | Path) -> None:
        subprocess.run([*pip, *arguments], check=True, capture_output=True)

    run("install", "--no-index", "--no-deps", wheel(tmp_path, 1, 40))
    for shop in shops:
        shop.comes_to({f"left/part{number}.py": "created" for number in range(40)})
        digested(shop)
    run("install", "--no-index", "--no-deps", "--upgrade", wheel(tmp_path, 2, 30))
    for shop in shops:
        shop.comes_to({f"left/part{number}.py": "modified" if number < 30 else "deleted" for number in range(40)})
        digested(shop)
    run("uninstall", "--yes", "left")
    for shop in shops:
        shop.comes_to({f"left/part{number}.py": "deleted" for number in range(30)})
