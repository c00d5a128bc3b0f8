"""What an app imports from outside of its roots, and the moments at which it may be saved."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import pytest

from reloadd.imported import Imported, changed_since
from reloadd.runtime import wire
from reloadd.supervise.noted import signature_of
from reloadd.watch.watcher import DaemonWatcher
from tests.support.launching import profile_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reloadd.core.account import LedgerSignature
    from reloadd.core.changes import ChangeSet
    from reloadd.core.inputs import Noticed, Quiet
    from reloadd.profile.model import WatchSet
    from reloadd.watch.base import Watch

DEADLINE = 20.0


class Moment(Enum):
    """When a file is saved that the app has imported."""

    BEFORE = "before it is watched"
    BETWEEN = "once it is watched, before it is compared with what the app has read"
    TOLD = "so early after that, that the watch has told of it when it is compared"


@dataclass
class SavingWatcher:
    """The daemon's watcher; a file is saved when the first watch has begun, before anybody hears that it has."""

    watcher: DaemonWatcher
    save: Callable[[], object]
    is_first: bool = True

    async def watch(
        self,
        profile: str | None,
        watch_set: WatchSet,
        on_settled: Callable[[ChangeSet], None],
        *,
        on_burst: Callable[[Noticed | Quiet], None] | None = None,
        on_ignored: Callable[[str], None] | None = None,
        instead_of: Watch | None = None,
    ) -> Watch:
        """See `Watcher`."""
        begun = await self.watcher.watch(
            profile, watch_set, on_settled, on_burst=on_burst, on_ignored=on_ignored, instead_of=instead_of
        )
        if self.is_first:
            self.is_first = False
            self.save()
        return begun

    def close(self) -> None:
        """See `Watcher`."""
        self.watcher.close()


async def told_of(directory: Path, moment: Moment, on_told: Callable[[], None]) -> list[tuple[str, ...]]:
    """The sets that are told when `late` is saved at that moment, then `other`, and then `late` again."""
    app, late, other = directory / "app", directory / "lib/late.py", directory / "lib/other.py"
    ledger = directory / "ledger"
    app.mkdir()
    late.parent.mkdir()
    for file in (late, other):
        file.write_text("one")
        found = {"name": file.stem, "file": str(file), "signature": signature_of(str(file)), "user": True}
        with ledger.open("ab") as lines:
            lines.write(wire.encode("found", **found))
    sets = asyncio.Queue[tuple[str, ...]]()
    failures = list[Exception]()
    daemons = DaemonWatcher(report=lambda _: None)

    def save() -> None:
        late.write_text("the second")

    def take(changes: ChangeSet) -> None:
        sets.put_nowait(changes.paths)
        on_told()

    imported = Imported(
        profile_in(app),
        daemons if moment is Moment.BEFORE else SavingWatcher(daemons, save),
        take,
        lambda _: None,
        on_ignored=lambda _: None,
        on_failure=failures.append,
    )
    if moment is Moment.BEFORE:
        save()
    try:
        async with asyncio.timeout(DEADLINE):
            imported.serves(ledger)
            told = [await sets.get()]
            for file in (other, late):
                file.write_text("and the third")
                told.append(await sets.get())
    finally:
        imported.close()
        daemons.close()
    assert failures == []
    return told


@pytest.mark.parametrize("moment", Moment)
def test_a_save_is_told_once_whenever_it_is_made(
    tmp_path: Path, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the watch, or by comparison with what the app has read, which sees what was before the watch"""
    told = threading.Event()

    def compare(noted: Mapping[str, LedgerSignature]) -> set[str]:
        if moment is Moment.TOLD:
            assert told.wait(DEADLINE)
        return changed_since(noted)

    monkeypatch.setattr("reloadd.imported.changed_since", compare)
    late, other = ((str(tmp_path / "lib" / name),) for name in ("late.py", "other.py"))
    assert asyncio.run(told_of(tmp_path, moment, told.set)) == [late, other, late]
