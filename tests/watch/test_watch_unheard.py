"""Changes that no event tells of, or that come where nobody could listen: they are found all the same."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.core import rounds
from reloadd.profile.model import Backend
from tests.support.mounting import SCENARIOS, run_mounting
from tests.support.watching import save, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="mounts and capabilities are Linux's")


def write_mapped(file: Path) -> None:
    """Write to a file through memory, and keep it mapped: nothing is closed."""
    with file.open("r+b") as opened:
        mapped = mmap.mmap(opened.fileno(), 0)
    mapped[:3] = b"two"
    mapped.flush()
    _KEPT.append(mapped)


def write_unclosed(file: Path) -> None:
    """Write to a file, and keep it open."""
    opened = file.open("w")
    opened.write("two")
    opened.flush()
    _KEPT.append(opened)


def write_twin(file: Path) -> None:
    """Write to the same file under a name elsewhere, as in the cache of a package manager."""
    save(file.parent.parent / "twin.py", "two")


def write_truncated(file: Path) -> None:
    """Cut a file by its name."""
    os.truncate(file, 1)


_KEPT: list[object] = []


@pytest.mark.parametrize(
    "write",
    [write_mapped, write_unclosed, write_twin, write_truncated],
    ids=lambda each: each.__name__,
)
def test_what_no_event_tells_is_swept_up(
    stage: Stage, backend: Backend, root: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    """By the slow round over everything, here a quick one"""
    monkeypatch.setattr(rounds, "SWEEP_TIME", 0.05)
    save(root / "a.py", "one")
    os.link(root / "a.py", root.parent / "twin.py")
    shop = stage.begin(watch_set(root, backend=backend))
    try:
        write(root / "a.py")
        assert shop.told() == {"a.py": "modified"}
    finally:
        while _KEPT:
            _KEPT.pop().close()  # type: ignore[attr-defined]  # a file or a map


@linux_only
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("backend", [Backend.AUTO, Backend.POLL], ids=["auto", "poll"])
def test_mounts_are_followed(tmp_path: Path, scenario: str, backend: Backend) -> None:
    """What is mounted where is noticed at once, and what events cannot see is polled"""
    failure = run_mounting(scenario, tmp_path, backend)
    if failure is None:
        pytest.skip("nobody here may mount that")
    assert not failure


def test_the_parent_of_a_root_may_go(begin: Begin, root: Path) -> None:
    """With everything in it; when it is made again, the root is watched again"""
    app = root / "work/shop/app"
    app.mkdir(parents=True)
    save(app / "a.py", "one")
    shop = begin(app)
    shutil.rmtree(root / "work")
    assert shop.told() == {"a.py": "deleted"}
    app.mkdir(parents=True)
    save(app / "a.py", "two")
    assert shop.told() == {"a.py": "created"}


def test_each_link_of_a_chain_is_watched(begin: Begin, root: Path, tmp_path: Path) -> None:
    """A link to a link to a link: another target of any of them is told, and so is an edit of the last"""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "real.py", name * 2)
    (tmp_path / "directory").symlink_to("one")
    (tmp_path / "third.py").symlink_to("directory/real.py")
    (tmp_path / "second.py").symlink_to(tmp_path / "third.py")
    (root / "a.py").symlink_to("../second.py")
    shop = begin(root)
    save(tmp_path / "one/real.py", "edited")
    assert shop.told() == {"a.py": "modified"}
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(tmp_path / "directory")
    assert shop.told() == {"a.py": "modified"}
    save(tmp_path / "two/real.py", "edited too")
    assert shop.told() == {"a.py": "modified"}


def test_a_path_longer_than_a_path_may_be_hides_no_other(begin: Begin, root: Path) -> None:
    """What lies too deep to be named is left out, and everything beside it is watched"""
    here = os.open(root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    shop = begin(root)
    save(root / "a.py", "one")
    assert shop.told() == {"a.py": "created"}
    save(root / ("d" * 250) / "b.py", "one")
    assert shop.told() == {f"{'d' * 250}/b.py": "created"}
    subprocess.run(["rm", "-rf", root / ("d" * 250)], check=True)


UNREADABLE = """
import json, sys
from pathlib import Path
from reloadd.profile.model import Backend
from tests.support.watching import Stage, save, wait_until, watch_set

root = Path(sys.argv[1])
with Stage() as stage:
    shop = stage.begin(watch_set(root, backend=Backend(sys.argv[2])))
    fields = dict(stage.recorded("watch.degraded").fields)
    save(root / "a.py", "one")
    told = [shop.told()]
    (root / "locked").chmod(0o755)
    told.append(shop.told())
    save(root / "locked/a.py", "two")
    told.append(shop.told())
    print(json.dumps([fields, told]))
"""


@linux_only
def test_a_directory_that_may_not_be_read_is_waited_for(root: Path, backend: Backend) -> None:
    """It is said, the rest is watched, and when it may be read what is in it is new"""
    (root / "locked").mkdir()
    save(root / "locked/a.py", "one")
    (root / "locked").chmod(0)
    fields, told = json.loads(printed_without_privileges(UNREADABLE, str(root), backend.value))
    assert fields["paths"] == [str(root / "locked")]
    assert fields["error"] == "the directory may not be read"
    assert told == [{"a.py": "created"}, {"locked/a.py": "created"}, {"locked/a.py": "modified"}]


SWAPPED = """
import json, sys
from pathlib import Path
from reloadd.core import rounds
from reloadd.profile.model import Backend
from tests.support.watching import Stage, save, watch_set

rounds.SWEEP_TIME = 3600  # the slow round would find it too
top = Path(sys.argv[1])
with Stage() as stage:
    shop = stage.begin(watch_set(top / "work/app", backend=Backend(sys.argv[2])))
    (top / "work").rename(top / "old")
    (top / "new").rename(top / "work")
    told = [shop.told()]
    save(top / "work/app/a.py", "twofold")
    told.append(shop.told())
    print(json.dumps(told))
"""


@linux_only
def test_a_root_is_followed_where_nobody_may_listen_above_it(root: Path, backend: Backend) -> None:
    """The directory above it may not be read and becomes another one, with another root in it: a poll finds that"""
    for name in ("work", "new"):
        (root / name / "app").mkdir(parents=True)
        save(root / name / "app/a.py", name)
        (root / name).chmod(0o311)
    told = json.loads(printed_without_privileges(SWAPPED, str(root), backend.value))
    assert told == [{"a.py": "modified"}, {"a.py": "modified"}]


def printed_without_privileges(program: str, *arguments: str) -> bytes:
    """What a program prints that may read only what its user may, also where that is root."""
    command = [sys.executable, "-c", program, *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    return subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2]).stdout
