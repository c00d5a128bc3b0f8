"""What is read of a ledger, as far as it has been written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.outside import Seen
from reloadd.runtime import wire
from reloadd.supervise.noted import read_effects, read_ledger

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = (
    wire.encode("found", name="effect", file='/src/"effect".py', signature=[1, 2, 3], user=True, at=1.0)
    + wire.encode("effect", event="open", detail="/src/state.py", by=None, at=2.0)
    + wire.encode("opened", file="/src/a.ini", signature=[1, 2, 3], at=3.0)
    + wire.encode("effect", event="subprocess.Popen", detail="'make'", by=None, at=4.0)
)
HALF = wire.encode("effect", event="open", detail="/src/other.py", by=None, at=5.0)[:-2]


def test_effects_are_read_as_all_else_would_be(tmp_path: Path) -> None:
    """Those that are there as a whole, whatever stands in other lines; nothing where there is no ledger."""
    ledger = tmp_path / "ledger"
    ledger.write_bytes(LEDGER + HALF)
    everything, effects = read_ledger(ledger), read_effects(ledger)

    assert everything.imported
    assert effects == Seen(written=everything.written, has_helpers=True)
    assert effects.written == {"/src/state.py"}
    assert read_effects(tmp_path / "gone") == Seen()
