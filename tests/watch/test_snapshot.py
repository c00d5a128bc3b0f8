"""How files differ from what was told of them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from reloadd.core.changes import ChangeKind
from reloadd.core.settle import Finding
from reloadd.watch.interest import NO_SHIFT, Interest, Scope
from reloadd.watch.known import KnownFile, known_file
from reloadd.watch.signature import LARGEST_DIGESTED, Signature, digest_of, signature_of
from reloadd.watch.snapshot import Snapshot, Writer

if TYPE_CHECKING:
    from pathlib import Path


HERE, ELSEWHERE = (Scope(root, exclude=(), gitignore=False) for root in ("/", "/elsewhere"))
PYTHON, PAGES = (Interest((HERE,), (glob,)) for glob in ("*.py", "*.html"))


def _nobody_knows(_path: str) -> None:
    """Whether a file is being written."""


def signed(path: Path) -> Signature:
    """The signature of a file that is there."""
    signature = signature_of(path.stat())
    assert signature is not None
    return signature


def known(path: Path, scopes: tuple[Scope, ...] = (HERE,)) -> KnownFile:
    """A file that is there, as it is known when it was looked at."""
    known = known_file(path.stat(), scopes)
    assert known is not None
    return known


def adopt(snapshot: Snapshot, path: Path) -> None:
    """Look at one file that a rule has let in."""
    snapshot.see(str(path), known(path), shift=NO_SHIFT.revealing([HERE]))


def see(snapshot: Snapshot, path: Path) -> tuple[Finding, ...]:
    """Look at one file."""
    snapshot.see(str(path), known(path) if path.exists() else None, Writer.DONE)
    return snapshot.findings().get(PYTHON, ())


@pytest.fixture
def snapshot() -> Snapshot:
    """A snapshot that is kept for one interest."""
    made = Snapshot(_nobody_knows)
    made.take_baselines([PYTHON])
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with something in it."""
    path = tmp_path / "a.py"
    path.write_text("one")
    return path


def test_a_signature_tells_any_write(file: Path) -> None:
    """Even one of the same size with the old time: another inode or another time of change is left"""
    before, times = signed(file), file.stat()
    file.write_text("two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = signed(file)
    assert after.mtime_ns == before.mtime_ns
    assert after != before


def test_only_a_regular_file_has_one(tmp_path: Path) -> None:
    """A directory and a named pipe have no content that could change"""
    os.mkfifo(tmp_path / "pipe")
    assert signature_of(tmp_path.stat()) is None
    assert signature_of((tmp_path / "pipe").stat()) is None


def test_a_digest_belongs_to_its_signature(file: Path) -> None:
    """Of content that was written after the signature was taken there is none"""
    signature = signed(file)
    assert digest_of(str(file), signature) is not None
    file.write_text("other content")
    assert digest_of(str(file), signature) is None


def test_a_large_file_is_not_read(file: Path) -> None:
    """One byte above the limit is too much"""
    os.truncate(file, LARGEST_DIGESTED)
    assert digest_of(str(file), signed(file)) is not None
    os.truncate(file, LARGEST_DIGESTED + 1)
    assert digest_of(str(file), signed(file)) is None


def test_nothing_is_waited_for_where_a_file_was(file: Path) -> None:
    """A named pipe under a file's name has no digest; opening it does not wait for a writer"""
    signature = signed(file)
    file.unlink()
    assert digest_of(str(file), signature) is None
    os.mkfifo(file)
    assert digest_of(str(file), signature) is None


def test_findings_are_against_what_was_told(snapshot: Snapshot, file: Path) -> None:
    """A change is found again until it is told, and taken back when it is undone"""
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.CREATED),)
    file.write_text("twofold")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.CREATED),)
    snapshot.tell(PYTHON, [str(file)])
    file.write_text("three")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.MODIFIED),)
    file.unlink()
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.DELETED),)
    snapshot.tell(PYTHON, [str(file)])
    file.write_text("four")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.CREATED),)
    file.unlink()
    assert see(snapshot, file) == (Finding(str(file), None),)
    assert see(snapshot, file) == ()


def test_the_same_content_is_no_difference_once_it_was_read(snapshot: Snapshot, file: Path) -> None:
    """Before, any write is a change, for nobody knows what was there"""
    adopt(snapshot, file)
    file.write_text("one")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.MODIFIED),)
    snapshot.tell(PYTHON, [str(file)])
    assert not snapshot.digest_some(10)
    file.write_text("one")
    assert see(snapshot, file) == (Finding(str(file), None),)
    file.write_text("two")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.MODIFIED),)
    file.write_text("one")
    assert see(snapshot, file) == (Finding(str(file), None),)


def test_files_are_read_a_few_at_a_time(snapshot: Snapshot, tmp_path: Path) -> None:
    """And it is said whether some are left"""
    for number in range(5):
        path = tmp_path / f"{number}.py"
        path.write_text("one")
        adopt(snapshot, path)
    assert snapshot.digest_some(3)
    assert not snapshot.digest_some(3)


def test_what_is_dropped_is_not_told(snapshot: Snapshot, file: Path) -> None:
    """A file that is no longer looked at has not gone"""
    adopt(snapshot, file)
    snapshot.see(str(file), known(file, ()))
    assert snapshot.findings() == {}
    assert str(file) not in snapshot


@pytest.mark.parametrize(
    ("age", "is_written", "expected"),
    [(0, None, False), (-1, None, False), (1, None, True), (0, False, False), (1, False, True), (1, True, False)],
)
def test_a_file_of_which_no_event_tells(file: Path, age: int, is_written: bool | None, expected: bool) -> None:  # noqa: FBT001 - a table
    """It is held for written once its last write is a while ago, and unless somebody is known to have it open"""
    snapshot = Snapshot(lambda _: is_written)
    snapshot.take_baselines([PYTHON])
    adopt(snapshot, file)
    file.write_text("twofold")
    written = time.time_ns() - age * 10**9
    os.utime(file, ns=(written, written))
    snapshot.see(str(file), known(file))
    assert snapshot.findings()[PYTHON] == (Finding(str(file), ChangeKind.MODIFIED, complete=expected),)


def test_a_new_file_of_which_no_event_tells_may_not_be_alone(snapshot: Snapshot, file: Path) -> None:
    """It came with its directory, and is held for what comes beside it, however old it is"""
    os.utime(file, ns=(0, 0))
    snapshot.see(str(file), known(file))
    assert snapshot.findings()[PYTHON] == (Finding(str(file), ChangeKind.CREATED, complete=False),)


def test_an_event_finishes_what_was_seen_before(snapshot: Snapshot, file: Path) -> None:
    """The end of a write may be heard after its content was seen"""
    snapshot.see(str(file), known(file), Writer.BUSY)
    assert snapshot.findings()[PYTHON] == (Finding(str(file), ChangeKind.CREATED, complete=False),)
    snapshot.heard_of(str(file), Writer.DONE)
    assert snapshot.findings()[PYTHON] == (Finding(str(file), ChangeKind.CREATED, complete=True),)


def test_each_interest_is_told_by_itself(snapshot: Snapshot, file: Path) -> None:
    """What one was told is still to be told to the other, and what is undone for one may be a change for the other"""
    both = Interest((HERE,), ("*.py",))
    adopt(snapshot, file)
    assert not snapshot.digest_some(1)
    snapshot.take_baselines([PYTHON, both, PAGES])
    file.write_text("two")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.MODIFIED),)
    snapshot.tell(PYTHON, [str(file)])
    file.write_text("one")
    snapshot.see(str(file), known(file), Writer.DONE)
    findings = snapshot.findings()
    assert findings == {
        PYTHON: (Finding(str(file), ChangeKind.MODIFIED),),
        both: (Finding(str(file), None),),
    }
    assert snapshot.untold() == {str(file)}


def test_each_interest_has_its_files(snapshot: Snapshot, tmp_path: Path) -> None:
    """They are counted when it comes, and as they come and go; to one that is new, all that was seen counts as told"""
    for name in ("a.py", "b.py", "page.html"):
        (tmp_path / name).write_text("one")
        snapshot.see(str(tmp_path / name), known(tmp_path / name))
    snapshot.take_baselines([PYTHON, PAGES])
    assert [snapshot.files_for(each) for each in (PYTHON, PAGES)] == [2, 1]
    assert list(snapshot.told(PAGES)) == [str(tmp_path / "page.html")]
    snapshot.see(str(tmp_path / "page.html"), None)
    snapshot.see(str(tmp_path / "a.py"), known(tmp_path / "a.py", ()))
    assert [snapshot.files_for(each) for each in (PYTHON, PAGES)] == [1, 0]
    snapshot.take_baselines([PYTHON])
    assert snapshot.files_for(PAGES) == 0


def test_what_was_there_before_anybody_was_told_is_nothing_to_tell(file: Path) -> None:
    """Whole directories are noted at once where nobody is told yet, and count for those who come later"""
    snapshot, other = Snapshot(_nobody_knows), Interest((ELSEWHERE,), ("*.py",))
    snapshot.see_all({str(file): known(file)}, NO_SHIFT)
    snapshot.take_baselines([PYTHON])
    snapshot.see_all({"/elsewhere/a.py": known(file, (ELSEWHERE,))}, NO_SHIFT)
    snapshot.take_baselines([PYTHON, other])
    assert [snapshot.files_for(each) for each in (PYTHON, other)] == [1, 1]
    assert snapshot.findings() == {}
    snapshot.see_all({"/b.py": known(file), "/elsewhere/b.py": known(file, (ELSEWHERE,))}, NO_SHIFT)
    assert [snapshot.files_for(each) for each in (PYTHON, other)] == [2, 2]
    assert {each: [found.path for found in findings] for each, findings in snapshot.findings().items()} == {
        PYTHON: ["/b.py"],
        other: ["/elsewhere/b.py"],
    }


def test_a_scope_decides_for_its_own(file: Path) -> None:
    """What its rules leave out has not gone, what they let in has not come, and for the others nothing has happened"""
    snapshot, other = Snapshot(_nobody_knows), Interest((ELSEWHERE,), ("*.py",))
    snapshot.see(str(file), known(file, (HERE, ELSEWHERE)))
    snapshot.take_baselines([PYTHON, other])
    snapshot.see(str(file), known(file))
    assert [snapshot.files_for(each) for each in (PYTHON, other)] == [1, 0]
    snapshot.see(str(file), known(file, (HERE, ELSEWHERE)), shift=NO_SHIFT.revealing([ELSEWHERE]))
    assert [snapshot.files_for(each) for each in (PYTHON, other)] == [1, 1]
    assert snapshot.findings() == {}
    snapshot.see(str(file), known(file))
    snapshot.see(str(file), known(file, (HERE, ELSEWHERE)), Writer.DONE)
    assert snapshot.findings() == {other: (Finding(str(file), ChangeKind.CREATED),)}
    snapshot.see(str(file), None)
    assert snapshot.findings() == {
        PYTHON: (Finding(str(file), ChangeKind.DELETED),),
        other: (Finding(str(file), None),),
    }
