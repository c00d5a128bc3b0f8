"""How files differ from what was told of them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from reloadd.core.changes import ChangeKind
from reloadd.core.settle import Finding
from reloadd.watch.snapshot import LARGEST_DIGESTED, Signature, Snapshot, Writer, digest_of, signature_of

if TYPE_CHECKING:
    from pathlib import Path


def signed(path: Path) -> Signature:
    """The signature of a file that is there."""
    signature = signature_of(path.stat())
    assert signature is not None
    return signature


def see(snapshot: Snapshot, path: Path) -> tuple[Finding, ...]:
    """Look at one file."""
    snapshot.see(str(path), signature_of(path.stat()) if path.exists() else None, Writer.DONE)
    return snapshot.findings()


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


def test_findings_are_against_what_was_told(file: Path) -> None:
    """A change is found again until it is told, and taken back when it is undone"""
    snapshot = Snapshot()
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.CREATED),)
    file.write_text("twofold")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.CREATED),)
    snapshot.tell([str(file)])
    file.write_text("three")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.MODIFIED),)
    file.unlink()
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.DELETED),)
    snapshot.tell([str(file)])
    file.write_text("four")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.CREATED),)
    file.unlink()
    assert see(snapshot, file) == (Finding(str(file), None),)
    assert see(snapshot, file) == ()


def test_the_same_content_is_no_difference_once_it_was_read(file: Path) -> None:
    """Before, any write is a change, for nobody knows what was there"""
    snapshot = Snapshot()
    snapshot.adopt(str(file), signed(file))
    file.write_text("one")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.MODIFIED),)
    snapshot.tell([str(file)])
    assert not snapshot.digest_some(10)
    file.write_text("one")
    assert see(snapshot, file) == (Finding(str(file), None),)
    file.write_text("two")
    assert see(snapshot, file) == (Finding(str(file), ChangeKind.MODIFIED),)
    file.write_text("one")
    assert see(snapshot, file) == (Finding(str(file), None),)


def test_files_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    """And it is said whether some are left"""
    snapshot = Snapshot()
    for number in range(5):
        path = tmp_path / f"{number}"
        path.write_text("one")
        snapshot.adopt(str(path), signed(path))
    assert snapshot.digest_some(3)
    assert not snapshot.digest_some(3)


def test_what_is_dropped_is_not_told(file: Path) -> None:
    """A file that is no longer looked at has not gone"""
    snapshot = Snapshot()
    snapshot.adopt(str(file), signed(file))
    snapshot.drop(str(file))
    assert snapshot.findings() == ()
    assert str(file) not in snapshot


def test_a_fresh_file_may_be_written_to_again(file: Path) -> None:
    """Where no event tells, a file is held for written once its last write is a while ago"""
    for age_ns, expected in ((0, False), (-(10**9), False), (10**9, True)):
        snapshot = Snapshot()
        written = time.time_ns() - age_ns
        os.utime(file, ns=(written, written))
        snapshot.see(str(file), signed(file))
        assert snapshot.findings() == (Finding(str(file), ChangeKind.CREATED, complete=expected),)


def test_an_event_finishes_what_was_seen_before(file: Path) -> None:
    """The end of a write may be heard after its content was seen"""
    snapshot = Snapshot()
    snapshot.see(str(file), signed(file), Writer.BUSY)
    assert snapshot.findings() == (Finding(str(file), ChangeKind.CREATED, complete=False),)
    snapshot.heard_of(str(file), Writer.DONE)
    assert snapshot.findings() == (Finding(str(file), ChangeKind.CREATED, complete=True),)
