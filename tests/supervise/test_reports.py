"""What the records of one app hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.supervise.reports import Reports
from tests.support.launching import profile_in

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.core.records import Record


def test_a_record_names_a_thousand_files_at_the_most(tmp_path: Path) -> None:
    """And says how many others there are: a directory that is removed may have had tens of thousands"""
    files = [f"{tmp_path}/old/{number:04}.py" for number in range(1200)]
    changes = ChangeSet(tuple(Change(ChangeKind.DELETED, file) for file in files), seen_at=1.0, settled_at=1.5)
    records: list[Record] = []
    Reports(profile_in(tmp_path), records.append).settled(changes)

    (settled,) = records
    assert settled.fields == {
        "paths": (*(f"old/{number:04}.py" for number in range(1000)), "and 200 more"),
        "changes": 1200,
        "settled_ms": 500,
    }
