"""A program that watches a directory under limits of its own.

The limits of inotify are one user's on one machine, so lowering them would stop others. A user namespace has its own,
`/proc/sys/user/max_inotify_*` (namespaces(7)), which its first process may lower, whoever started it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.watching import Stage, save_by_rename, watch_set

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen under the limit.

    Attributes:
        backend: what the watch said of itself.
        records: names and fields, in order.
        told: each set in order, kinds by path.
    """

    backend: str
    records: list[tuple[str, Mapping[str, object]]]
    told: list[dict[str, str]]

    def fields_of(self, name: str) -> Mapping[str, object]:
        """The fields of the one record of this name."""
        (fields,) = (each for record, each in self.records if record == name)
        return fields


def watch_under_limit(root: Path, limit: str, value: int) -> Outcome | None:
    """Watch `root` in a process of its own and save a file in each of its directories; None without user namespaces."""
    program = [sys.executable, "-m", "tests.support.limited_watching", str(root), limit, str(value)]
    if subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True, check=False).returncode:
        return None
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", *program],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return Outcome(**json.loads(done.stdout))


def main(root: Path, limit: str, value: int) -> Outcome:
    """What the program does, in the namespace."""
    Path("/proc/sys/user", limit).write_text(f"{value}\n", encoding="ascii")
    with Stage() as stage:
        shop = stage.begin(watch_set(root))
        told = []
        for directory in sorted(root.iterdir()):
            for text in ("one", "two"):
                save_by_rename(directory / "a.py", text)
                told.append(shop.told())
        records: list[tuple[str, Mapping[str, object]]] = [
            (record.name, dict(record.fields)) for record in stage.records
        ]
        return Outcome(backend=shop.watch.statistics().means.value, records=records, told=told)


if __name__ == "__main__":
    outcome = main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(json.dumps({"backend": outcome.backend, "records": outcome.records, "told": outcome.told}))
