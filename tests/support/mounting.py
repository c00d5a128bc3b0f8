"""A program that watches in a mount namespace of its own, where it mounts and unmounts without anybody's seeing.

See mount_namespaces(7). It takes a user who may mount, and for FUSE bindfs(1); who may not, skips the test.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core import rounds
from reloadd.profile.model import Backend
from reloadd.watch.base import Means
from tests.support.watching import Stage, digested, save, save_by_rename, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.watching import Observed

    Begin = Callable[[Path], Observed]

_DEV_FUSE = Path("/dev/fuse")


def run_mounting(scenario: str, directory: Path, backend: Backend) -> str | None:
    """Run one of `SCENARIOS` in an empty directory: what it failed by, or nothing; None where nobody may mount that."""
    if scenario == a_directory_served_by_a_program.__name__ and not (shutil.which("bindfs") and _DEV_FUSE.exists()):
        return None
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return None
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-m", "tests.support.mounting", scenario, str(directory), backend.value],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        text=True,
    )
    return done.stderr if done.returncode else ""


def mount(*arguments: str | Path) -> None:
    """Mount something somewhere."""
    subprocess.run(["mount", *arguments], check=True)


def unmount(directory: Path) -> None:
    """Run umount(8); a look at a file there may be under way."""
    wait_until(lambda: not subprocess.run(["umount", directory], check=False).returncode)


def a_directory_bound_elsewhere(begin: Begin, top: Path) -> None:
    """An edit on either side of a bound directory is told."""
    source, root = _make(top, "source", "root")
    save(source / "a.py", "one")
    mount("--bind", source, root)
    shop = begin(root)
    save(source / "a.py", "two")
    assert shop.told() == {"a.py": "modified"}
    save(root / "a.py", "three")
    assert shop.told() == {"a.py": "modified"}


def a_file_bound_by_itself(begin: Begin, top: Path) -> None:
    """As with `docker -v FILE:FILE`: the directory hears of no edit, so the file is polled, and it alone."""
    source, root = _make(top, "source", "root")
    save(source / "settings.py", "one")
    save(root / "settings.py", "")
    save(root / "a.py", "one")
    mount("--bind", source / "settings.py", root / "settings.py")
    shop = begin(root)
    assert shop.watch.statistics().means is not Means.EVENTS
    save(source / "settings.py", "two")
    assert shop.told() == {"settings.py": "modified"}
    save(root / "settings.py", "three")
    assert shop.told() == {"settings.py": "modified"}
    save(root / "a.py", "two")
    assert shop.told() == {"a.py": "modified"}


def a_directory_mounted_over(begin: Begin, top: Path) -> None:
    """What is seen then is told, also what is saved there later; unmounted, what was there before is."""
    source, root = _make(top, "source", "root/sub")
    save(source / "a.py", "another one")
    save(root / "a.py", "one")
    save(root / "b.py", "one")
    shop = begin(root.parent)
    mount("--bind", source, root)
    assert shop.told() == {"sub/a.py": "modified", "sub/b.py": "deleted"}
    save(root / "a.py", "two")
    assert shop.told() == {"sub/a.py": "modified"}
    unmount(root)
    assert shop.told() == {"sub/a.py": "modified", "sub/b.py": "created"}
    save(root / "b.py", "two")
    assert shop.told() == {"sub/b.py": "modified"}


def a_file_system_that_is_unmounted(begin: Begin, top: Path) -> None:
    """A root on a file system of its own goes with it, and comes back with another one."""
    (root,) = _make(top, "root")
    mount("-t", "tmpfs", "none", root)
    save(root / "a.py", "one")
    shop = begin(root)
    unmount(root)
    assert shop.told() == {"a.py": "deleted"}
    mount("-t", "tmpfs", "none", root)
    save(root / "b.py", "one")
    assert shop.told() == {"b.py": "created"}


def an_overlay(begin: Begin, top: Path) -> None:
    """An edit through an overlay is told, also the first one, which copies the file up."""
    lower, upper, work, root = _make(top, "lower", "upper", "work", "root")
    save(lower / "a.py", "one")
    mount("-t", "overlay", "none", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", root)
    shop = begin(root)
    for text in ("two", "three"):
        save(root / "a.py", text)
        assert shop.told() == {"a.py": "modified"}
    _unmount_later(shop, root)


def an_overlay_edited_below(begin: Begin, top: Path) -> None:
    """An edit of either layer itself, which no event tells, is found by the slow round."""
    lower, upper, work, root = _make(top, "lower", "upper", "work", "root")
    save(lower / "a.py", "one")
    save(upper / "b.py", "one")
    mount("-t", "overlay", "none", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", root)
    rounds.SWEEP_TIME = 0.05
    shop = begin(root)
    for directory, name in ((lower, "a.py"), (upper, "b.py")):
        save(directory / name, "another")
        assert (root / name).read_text() == "another"
        assert shop.told() == {name: "modified"}
    _unmount_later(shop, root)


def a_directory_served_by_a_program(begin: Begin, top: Path) -> None:
    """FUSE: edits through the mount are told, and so are those of what lies behind it, which cause no event."""
    source, root = _make(top, "source", "root")
    for name in ("a.py", "b.py"):
        save(source / name, "one")
    # In the foreground: in the background it would keep this namespace, and outlive a scenario that fails.
    program = subprocess.Popen(["bindfs", "-f", source, root])
    try:
        wait_until(root.is_mount)
        _edit_both_sides(begin, source, root)
    finally:
        program.terminate()
        program.wait()


def _edit_both_sides(begin: Begin, source: Path, root: Path) -> None:
    shop = digested(begin(root))
    assert shop.watch.statistics().means is not Means.EVENTS
    edited = set()
    for path, kind in (
        (root / "a.py", "modified"),
        (source / "b.py", "modified"),
        (root / "c.py", "created"),
        (source / "d.py", "created"),
    ):
        save_by_rename(path, f"{path}")
        edited.add(path.name)
        # The kernel keeps times, size and content of a file for a second each. After an edit it may show the one before
        # the other, and each is a change.
        while (told := shop.told()).get(path.name) != kind:
            assert set(told) <= edited, told
        digested(shop)
    (source / "a.py").unlink()
    while shop.told() != {"a.py": "deleted"}:
        pass
    _unmount_later(shop, root)


def _unmount_later(shop: Observed, root: Path) -> None:
    shop.close()
    unmount(root)


def _make(top: Path, *names: str) -> tuple[Path, ...]:
    made = tuple(top / name for name in names)
    for directory in made:
        directory.mkdir(parents=True)
    return made


SCENARIOS: dict[str, Callable[[Begin, Path], None]] = {
    scenario.__name__: scenario
    for scenario in (
        a_directory_bound_elsewhere,
        a_file_bound_by_itself,
        a_directory_mounted_over,
        a_file_system_that_is_unmounted,
        an_overlay,
        an_overlay_edited_below,
        a_directory_served_by_a_program,
    )
}


if __name__ == "__main__":
    # On a file system of its own, so that overlays can be stacked whatever the temporary directory is on.
    directory = Path(sys.argv[2])
    mount("-t", "tmpfs", "none", directory)
    with Stage() as running:
        chosen = Backend(sys.argv[3])
        SCENARIOS[sys.argv[1]](lambda root: running.begin(watch_set(root, backend=chosen)), directory)
