"""What is read of a ledger, as far as it has been written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.outside import Seen
from reloadd.runtime import wire
from reloadd.supervise.noted import LedgerReader, read_effects

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = (
    wire.encode("found", name="effect", file='/src/"effect".py', signature=[1, 2, 3], user=True, at=1.0)
    + wire.encode("effect", event="open", detail="/src/state.py", by=None, at=2.0)
    + wire.encode("opened", file="/src/a.ini", signature=[1, 2, 3], at=3.0)
    + wire.encode("effect", event="subprocess.Popen", detail="'make'", by=None, at=4.0)
)
HALF = wire.encode("effect", event="open", detail="/src/other.py", by=None, at=5.0)[:-2]


def read_so_far(reader: LedgerReader) -> Seen:
    """The sum of what it has read."""
    reader.read_on()
    return reader.seen


def test_effects_are_read_as_all_else_would_be(tmp_path: Path) -> None:
    """Those that are there as a whole, whatever stands in other lines; nothing where there is no ledger."""
    ledger = tmp_path / "ledger"
    ledger.write_bytes(LEDGER + HALF)
    everything, effects = read_so_far(LedgerReader(ledger)), read_effects(ledger)

    assert everything.imported
    assert effects == Seen(written=everything.written, has_helpers=True)
    assert effects.written == {"/src/state.py"}
    assert read_effects(tmp_path / "gone") == Seen()


def test_a_ledger_is_read_on_as_it_grows(tmp_path: Path) -> None:
    """A line when it is whole; what was fetched is read also where the file is gone by then."""
    ledger = tmp_path / "ledger"
    line = wire.encode("found", name="a", file="/lib/a.py", signature=[1, 2, 3], user=True, at=1.0)
    reader = LedgerReader(ledger)
    assert not reader.has_more

    ledger.write_bytes(line[:-9])
    assert reader.has_more
    assert not read_so_far(reader).imported
    ledger.write_bytes(line)
    reader.fetch()
    ledger.unlink()
    assert not reader.has_more
    assert read_so_far(reader).imported == {"/lib/a.py": (1, 2, 3)}


def test_a_module_is_named_as_it_would_be_watched(tmp_path: Path) -> None:
    """Whatever its import path looks like; beyond a link, `..` leads from where the link leads to."""
    (tmp_path / "far/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/deep")
    ledger = tmp_path / "ledger"
    files = ("app/../lib/a.py", "./app//b.py", "link/../c.py", "link/d.py")
    ledger.write_bytes(
        b"".join(
            wire.encode("found", name="m", file=f"{tmp_path}/{file}", signature=[1, 2, 3], user=True, at=1.0)
            for file in files
        )
    )

    imported = read_so_far(LedgerReader(ledger)).imported
    assert [file.removeprefix(f"{tmp_path}/") for file in imported] == ["lib/a.py", "app/b.py", "far/c.py", "link/d.py"]
