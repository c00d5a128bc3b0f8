"""From the bus to the disk and back."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from reloadd.bus import Bus
from reloadd.core.records import CATALOGUE, Printed, Record, make_record
from reloadd.history.entries import PrintedEntries, encode_entry
from reloadd.history.journal import Journal
from reloadd.history.keeper import Keeper
from reloadd.history.places import directory_name
from reloadd.history.reader import all_kept, read_log, read_restarts
from tests.support.processes import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from reloadd.core.records import Value

FILE = "/home/ada/shop/web.toml"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def say(name: str, generation: int | None = None, **fields: Value) -> Record:
    """A record about `web`, with None for the fields that do not matter."""
    whole = {**dict.fromkeys(CATALOGUE[name].fields), **fields}
    return make_record(name, whole, profile="web", generation=generation)


def keep(directory: Path, act: Callable[[Bus], None]) -> list[Record]:
    """Keep what happens while `act` is called; the records that were said."""

    async def run() -> list[Record]:
        with keeping(directory) as (bus, said, flush):
            act(bus)
            await flush()
        return said

    return asyncio.run(run())


@contextmanager
def keeping(directory: Path) -> Iterator[tuple[Bus, list[Record], Callable[[], Awaitable[None]]]]:
    """Keep what a bus is told; with the records that were said, and what waits until all is kept and heard."""
    bus, said = Bus(), list[Record]()
    journal = Journal(now=lambda: NOON)
    bus.subscribe(said.append)
    bus.subscribe(journal.hear)
    bus.subscribe_output(journal.hear_output)
    files = {"web": FILE}
    keeper = Keeper(directory, file_of=files.get, publish=bus.publish)
    journal.subscribe(keeper.hear)

    async def flush() -> None:
        await keeper.flush()
        # What the thread said is heard in the loop's next turn.
        await asyncio.sleep(0)

    yield bus, said, flush
    keeper.close()


def test_what_happens_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Records and printed lines in one order, each with its number; daemons' apart; bytes that are no text replaced."""

    def act(bus: Bus) -> None:
        bus.publish(say("child.ready", 1, pid=7, took_ms=30))
        bus.pass_on(Printed("web", 1, (b"one", b"tw\xff\x1b[31mo\r")))
        bus.publish(make_record("daemon.stopped", {"took_ms": 5}))

    keep(tmp_path, act)
    web, daemons = all_kept(tmp_path)
    entries = read_log([web])
    common: dict[str, Any] = {
        "timestamp": "2026-11-22T12:00:00.000000Z",
        "level": "info",
        "profile": "web",
        "generation": 1,
    }
    run = entries[0]["run"]

    assert (web.profile, web.file, daemons.profile) == ("web", FILE, None)
    assert entries == [
        {**common, "event": "child.ready", "pid": 7, "took_ms": 30, "run": run, "number": 1},
        {**common, "event": "app.printed", "text": "one", "run": run, "number": 2},
        {**common, "event": "app.printed", "text": "tw\ufffd\x1b[31mo", "run": run, "number": 3},
    ]
    assert [entry["event"] for entry in read_log([daemons])] == ["daemon.stopped"]
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o700}


def test_many_lines_are_encoded_as_each_is() -> None:
    """The quick way and the plain one lead to the same bytes."""
    printed = Printed('w"eb', 3, (b"plain", b'"quoted" \\', b"\xff\x00\xe2\x82\xac\r", b"%d %b {}", b""))
    entries = PrintedEntries(printed, "2026-11-22T12:00:00.000000Z", "0a0b", 7)

    assert entries.encoded() == b"".join(map(encode_entry, entries.made()))


def test_a_restart_is_one_row_with_what_led_to_it(tmp_path: Path) -> None:
    """A crash, a failed try and the next one are told by how the app ended and what it answers to."""

    def act(bus: Bus) -> None:
        bus.publish(say("child.spawned", 1, cause="start"))
        bus.publish(say("child.ready", 1, pid=7, took_ms=30))
        bus.publish(say("child.exited", 1, exit="SIGSEGV (segmentation fault)", asked=False))
        bus.publish(say("restart.completed", 2, cause="exit", paths=(), start="cold", took_ms=40, ready_ms=40))
        bus.publish(say("restart.requested", 3, cause="change", paths=tuple(f"f{n}.py" for n in range(500))))
        bus.publish(
            say("child.exited", 3, exit="code 1 (failure)", asked=False, error="NameError: x", file="f1.py", line=2)
        )
        bus.publish(say("restart.requested", 4, cause="exit", paths=()))
        bus.publish(say("child.exited", 4, exit="code 1 (failure)", asked=False, error="NameError: x"))
        bus.publish(say("supervisor.held", attempts=5, why="failed too often in a row", until="a file changes"))
        bus.publish(say("restart.requested", 5, cause="change", paths=("f1.py",)))
        bus.publish(say("child.unstartable", 5, error="no such file or directory: `x`"))
        bus.publish(say("supervisor.held", attempts=5, why="failed too often in a row", until="a file changes"))

    keep(tmp_path, act)
    rows = read_restarts(all_kept(tmp_path))
    told = [[row[key] for key in ("generation", "outcome", "cause", "exit", "error", "changes")] for row in rows]

    assert told == [
        [1, "started", "start", None, None, 0],
        [2, "completed", "exit", "SIGSEGV (segmentation fault)", None, 0],
        [4, "held", "change", "code 1 (failure)", "NameError: x", 500],
        [5, "held", "change", None, "no such file or directory: `x`", 1],
    ]
    assert len(rows[2]["paths"]) == 20
    assert (rows[1]["ready_ms"], rows[2]["place"], rows[0]["file"]) == (40, None, FILE)


def test_lines_that_a_crash_cut_are_passed_over(tmp_path: Path) -> None:
    """So is what another program wrote there."""
    keep(tmp_path, lambda bus: bus.publish(say("child.ready", 1)))
    (web,) = all_kept(tmp_path)
    with (web.directory / "log.jsonl").open("ab") as log:
        log.write(b'{"timestamp": "2026\n[]\n{}\n\xff\n' + b"[" * 100_000 + b"\n")
    keep(tmp_path, lambda bus: bus.publish(say("child.ready", 2)))

    assert [entry["generation"] for entry in read_log([web])] == [1, 2]
    assert [entry["generation"] for entry in read_log([web], last=1)] == [2]


def test_a_disk_that_fails_is_told_once(tmp_path: Path) -> None:
    """However much is said; once it is well again, how much was left out is told."""
    blocked = tmp_path / "state"
    blocked.write_text("")

    def act(bus: Bus) -> None:
        for number in range(1000):
            bus.publish(say("child.ready", number))

    said = keep(blocked / "reloadd", act)
    failures = [record for record in said if record.name == "history.failed"]

    assert [record.fields["error"] for record in failures] == ["not a directory"]


def test_one_file_that_cannot_be_written_is_told_once_while_others_are(tmp_path: Path) -> None:
    """The trouble of one profile does not come and go with the entries of the others; it ends when it is mended."""
    (tmp_path / directory_name("web", FILE)).write_text("in the way")

    def act(bus: Bus) -> None:
        for number in range(600):
            bus.publish(say("child.ready", number))
            bus.publish(make_record("daemon.stopped", {"took_ms": number}))

    said = keep(tmp_path, act)
    (daemons,) = all_kept(tmp_path)

    assert [record.name for record in said if record.name.startswith("history.")] == ["history.failed"]
    assert len([entry for entry in read_log([daemons]) if entry["event"] == "daemon.stopped"]) == 600


def test_a_disk_that_comes_and_goes_is_not_told_each_time(tmp_path: Path) -> None:
    """As one with next to no room does; what fits is kept, and that all is well again is said once it has lasted."""
    blocked = tmp_path / directory_name("web", FILE)

    async def run() -> list[str]:
        with keeping(tmp_path) as (bus, said, flush):
            for number in range(20):
                blocked.write_text("in the way")
                bus.publish(say("child.ready", number))
                await flush()
                blocked.unlink()
                bus.publish(say("child.ready", number))
                await flush()
                rmtree(blocked)
            # Nothing else happens: it is said all the same.
            await until(lambda: said[-1].name == "history.resumed", "the end of the trouble")
            return [record.name for record in said if record.name.startswith("history.")]

    assert asyncio.run(run()) == ["history.failed", "history.resumed"]


def test_what_finds_no_room_is_left_out_at_once(tmp_path: Path) -> None:
    """An app that prints faster than the disk takes it costs neither memory nor time."""

    def act(bus: Bus) -> None:
        line = b"x" * 60_000
        for _ in range(2000):
            bus.pass_on(Printed("web", 1, (line,)))

    begun = time.monotonic()
    keep(tmp_path, act)
    (web,) = all_kept(tmp_path)
    sizes = [each.stat().st_size for each in web.directory.iterdir()]

    assert time.monotonic() - begun < 30
    assert sum(sizes) < 10 << 20
    assert len(read_log([web])) > 0
