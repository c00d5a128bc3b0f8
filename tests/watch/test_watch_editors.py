"""How programs save one file: each save is told once, as a modification, whatever goes on around it.

Programs that can be had are run, those with a screen on a terminal; the others are replayed by their system calls.
Both backends.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Backend
from tests.support.terminals import type_into
from tests.support.watching import Witness, digested, save, save_by_rename, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]
    Saver = Callable[[Path], None]

_EXCLUDED = (".git", "*~", ".#*", r"\#*#", "*.sw?", "4913", "*___jb_tmp___", "*___jb_old___", "sed??????")

EVENTS, POLL = Backend.EVENTS, Backend.POLL

BEFORE, AFTER = "before = 1\n", "after = 22\n"


def run(*command: str | Path) -> None:
    """Run a program to its end."""
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def by_vim(options: str) -> Saver:
    """Vim with these options; an `-es` vim still writes swap files and backups as it does on a terminal."""

    def saver(file: Path) -> None:
        settings = f"set {options} backupskip= directory=."
        run("vim", "-Nu", "NONE", "-es", "-c", settings, "-c", "%s/.*/after = 22/", "-c", "wq", file)

    return saver


def by_vim_on_a_terminal(file: Path) -> None:
    """Vim as it comes, with all of its files beside; here they are made below /tmp too."""
    settings = "set backupskip= directory=."
    keys = (("before", ":%s/.*/after = 22/\r:wq\r"),)
    type_into(("vim", "-Nu", "NONE", "-c", settings, file), keys, _at_home(file))


def by_nano(options: str) -> Saver:
    """Nano on a terminal; its keys are Control with K, O and X."""

    def saver(file: Path) -> None:
        keys = (("before", f"\x0b{AFTER}\x0f"), ("File Name to Write", "\r"), ("Wrote", "\x18"))
        type_into(("nano", "--ignorercfiles", *options.split(), file), keys, _at_home(file))

    return saver


def by_emacs(settings: str) -> Saver:
    """Emacs on a terminal, with its lock link, its autosave and its backup; below /tmp it makes backups if told to."""

    def saver(file: Path) -> None:
        settled = f"(setq backup-enable-predicate #'always {settings})"
        keys = (("before", f"\x0b{AFTER.strip()}\x18\x13"), ("Wrote", "\x18\x03"))
        type_into(("emacs", "-nw", "-Q", "--eval", settled, file), keys, _at_home(file))

    return saver


def _at_home(file: Path) -> dict[str, str]:
    """An environment in which an editor finds no settings and asks its terminal no questions."""
    return {**os.environ, "HOME": str(file.parent.parent), "TERM": "vt100"}


def by_truncating(file: Path) -> None:
    """VS Code in place: opened for reading and writing, cut to nothing, written."""
    with file.open("r+") as opened:
        opened.truncate()
        opened.write(AFTER)


def by_vs_code_beside(file: Path) -> None:
    """VS Code's atomic save, Sublime's, Kate's: written beside and moved over, with the mode copied."""
    beside = file.with_name(".a.py.1732.tmp")
    save(beside, AFTER)
    shutil.copymode(file, beside)
    beside.replace(file)


def by_pycharm(file: Path) -> None:
    """JetBrains' safe write."""
    new, old = file.with_name("a.py___jb_tmp___"), file.with_name("a.py___jb_old___")
    save(new, AFTER)
    file.rename(old)
    new.rename(file)
    old.unlink()


def by_emacs_replayed(file: Path) -> None:
    """Emacs' first save of a session, where there is no Emacs: the old file moved to its backup, a new one written."""
    lock, autosave = file.with_name(".#a.py"), file.with_name("#a.py#")
    lock.symlink_to("somebody@somewhere.12:34")
    save(autosave, AFTER)
    file.rename(file.with_name("a.py~"))
    save(file, AFTER)
    autosave.unlink()
    lock.unlink()


def by_git(file: Path) -> None:
    """Git, install(1): deleted, then written anew."""
    file.unlink()
    save(file, AFTER)


def by_install(file: Path) -> None:
    """install(1) itself."""
    save(file.parent.parent / "built.py", AFTER)
    run("install", "-m", "644", file.parent.parent / "built.py", file)


def by_copy(file: Path) -> None:
    """cp(1), which writes in place."""
    save(file.parent.parent / "other.py", AFTER)
    run("cp", file.parent.parent / "other.py", file)


def by_older(file: Path) -> None:
    """mv(1) of an older file over a newer one."""
    other = file.parent.parent / "older.py"
    save(other, AFTER)
    os.utime(other, (1, 1))
    run("mv", other, file)


def by_patch(file: Path) -> None:
    """patch(1)."""
    difference = file.parent.parent / "a.diff"
    save(difference, f"--- a.py\n+++ a.py\n@@ -1 +1 @@\n-{BEFORE}+{AFTER}")
    run("patch", "-s", file, difference)


def by_tar(file: Path) -> None:
    """tar(1), which unlinks first and sets the archive's old time."""
    packed = file.parent.parent / "packed"
    packed.mkdir()
    save(packed / "a.py", AFTER)
    os.utime(packed / "a.py", (10**9, 10**9))
    run("tar", "-C", packed, "-cf", packed / "a.tar", "a.py")
    run("tar", "-C", file.parent, "-xf", packed / "a.tar")


def by_hard_link(file: Path) -> None:
    """A complete file linked in: no close follows, and nothing moves."""
    save(file.parent.parent / "linked.py", AFTER)
    file.unlink()
    os.link(file.parent.parent / "linked.py", file)


def by_unnamed_file(file: Path) -> None:
    """A file without a name (O_TMPFILE), given one when it is complete."""
    descriptor = os.open(file.parent, os.O_TMPFILE | os.O_RDWR)
    try:
        os.write(descriptor, AFTER.encode())
        file.unlink()
        run("ln", "-L", f"/proc/{os.getpid()}/fd/{descriptor}", file)
    finally:
        os.close(descriptor)


def by_exchange(file: Path) -> None:
    """renameat2(2) with RENAME_EXCHANGE: two files change places."""
    other = file.parent.parent / "exchanged.py"
    save(other, AFTER)
    libc = ctypes.CDLL(None, use_errno=True)
    at_cwd, exchange = -100, 2
    if libc.renameat2(at_cwd, os.fsencode(file), at_cwd, os.fsencode(other), exchange):
        raise OSError(ctypes.get_errno(), "renameat2")


def by_future(file: Path) -> None:
    """By a machine whose clock is ahead, with the same size."""
    save(file, BEFORE.replace("1", "2"))
    os.utime(file, (time.time() + 10**6,) * 2)


def by_rsync(file: Path, *options: str) -> None:
    """rsync(1), which copies the old time too."""
    other = file.parent.parent / "rsync"
    other.mkdir()
    save(other / "a.py", AFTER)
    os.utime(other / "a.py", (10**9, 10**9))
    run("rsync", "-t", *options, other / "a.py", file)


PROGRAMS = {"vim", "nano", "emacs", "patch", "rsync"}
"""What a machine may lack."""

SAVERS: dict[str, Saver] = {
    "vim": by_vim("backup writebackup backupcopy=no"),
    "vim, copied backup": by_vim("backup writebackup backupcopy=yes"),
    "vim, default": by_vim("backupcopy=auto"),
    "vim, no backup": by_vim("nobackup nowritebackup"),
    "vim, on a terminal": by_vim_on_a_terminal,
    "nano": by_nano(""),
    "nano, with a backup": by_nano("--backup"),
    "emacs, first save": by_emacs(""),
    "emacs, later saves": by_emacs("make-backup-files nil"),
    "emacs, copied backup": by_emacs("backup-by-copying t"),
    "emacs, precious": by_emacs("file-precious-flag t"),
    "vs code, in place": by_truncating,
    "in place": lambda file: save(file, AFTER),
    "moved over": lambda file: save_by_rename(file, AFTER),
    "vs code, beside": by_vs_code_beside,
    "pycharm": by_pycharm,
    "emacs, replayed": by_emacs_replayed,
    "git": by_git,
    "sed": lambda file: run("sed", "-i", "s/before = 1/after = 22/", file),
    "install": by_install,
    "cp": by_copy,
    "mv of an older file": by_older,
    "patch": by_patch,
    "tar": by_tar,
    "hard link": by_hard_link,
    "unnamed file": by_unnamed_file,
    "exchange": by_exchange,
    "from the future": by_future,
    "rsync": by_rsync,
    "rsync in place": lambda file: by_rsync(file, "--inplace"),
}


def test_each_way_to_save_is_one_modification(stage: Stage, tmp_path: Path) -> None:
    """Never a deletion, never twice, never while the file is missing, and nothing of what an editor keeps beside it"""
    for number, (name, saver) in enumerate(SAVERS.items()):
        root = tmp_path / f"{number}" / "root"
        root.mkdir(parents=True)
        save(root / "a.py", BEFORE)
        witnesses = [Witness(root), Witness(root)]
        watched = [watch_set(root, backend=each, exclude=(*_EXCLUDED, "*.tmp")) for each in (EVENTS, POLL)]
        watches = [stage.begin_with(*each) for each in zip(watched, (w.look for w in witnesses), strict=True)]
        try:
            saver(root / "a.py")
        except FileNotFoundError as error:
            if error.filename not in PROGRAMS:
                raise
            continue  # this machine has no such program
        text = (root / "a.py").read_text()
        for witness in witnesses:
            assert witness.saw() == ({"a.py": "modified"}, {"a.py": text}), name
        save(root / "last.py", "last")
        for witness, watch in zip(witnesses, watches, strict=True):
            assert witness.saw() == ({"last.py": "created"}, {"last.py": "last"}), name
            stage.on_loop(watch.close)


@pytest.mark.parametrize(
    "touch",
    [
        by_vim("backupcopy=no"),
        lambda file: run("touch", file),
        lambda file: run("chmod", "700", file),
        lambda file: file.open("r+").close(),
        lambda file: save_by_rename(file, AFTER),
        lambda file: os.utime(file, (1, 1)),
    ],
    ids=["vim :w", "touch", "chmod", "open and close", "the same again", "utime"],
)
def test_what_changes_no_content_is_nothing(begin: Begin, root: Path, touch: Saver) -> None:
    """However the file was written to, or whatever else was done to it"""
    save(root / "a.py", AFTER)
    shop = digested(begin(root))
    touch(root / "a.py")
    shop.has_told_nothing()


def test_two_writes_of_one_size_at_once_are_seen(stage: Stage, backend: Backend, root: Path) -> None:
    """Within a tick of the clock, the second one counts: whoever is told last reads what was written last"""
    save(root / "a.py", "0000")
    witness = Witness(root)
    stage.begin_with(watch_set(root, backend=backend), witness.look)
    for number in range(1, 11):
        save(root / "a.py", f"{number:04}")
        save(root / "a.py", f"{number + 1000:04}")
        while witness.saw() != ({"a.py": "modified"}, {"a.py": f"{number + 1000:04}"}):
            pass


def test_a_deletion_is_told_unless_the_file_comes_back(begin: Begin, root: Path) -> None:
    """It is waited for a moment; then the deletion is one, and what comes later is new"""
    save(root / "a.py", BEFORE)
    shop = digested(begin(root))
    (root / "a.py").unlink()
    save(root / "a.py", BEFORE)
    shop.has_told_nothing()
    (root / "a.py").unlink()
    save(root / "a.py", AFTER)
    assert shop.told() == {"a.py": "modified"}
    (root / "a.py").unlink()
    assert shop.told() == {"a.py": "deleted"}
    save(root / "a.py", BEFORE)
    assert shop.told() == {"a.py": "created"}
    shop.has_told_nothing()


def test_a_file_moved_out_holds_up_no_other(begin: Begin, root: Path, tmp_path: Path) -> None:
    """What is saved after it is told, and so is that it is gone"""
    for name in ("a.py", "b.py"):
        save(root / name, BEFORE)
    shop = digested(begin(root))
    (root / "a.py").rename(tmp_path / "a.py")
    save(root / "b.py", AFTER)
    shop.comes_to({"a.py": "deleted", "b.py": "modified"})
    shop.has_told_nothing()
