"""Clients that ask an address without pause until standard input ends, as a program: it can run in another network.

Prints one JSON object: how many requests were answered, and the others by what went wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0


@contextmanager
def knocking(network: Sequence[str], address: str) -> Iterator[dict[str, int]]:
    """Ask until the end of the block; afterwards, the yielded dictionary has the outcomes, `answered` among them.

    Args:
        network: the words that run a command in the network that is meant.
        address: where.
    """
    outcomes: dict[str, int] = {}
    command = [*network, sys.executable, "-m", "tests.support.knocking", address]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "asking\n"
            yield outcomes
        finally:
            try:
                printed, _ = process.communicate(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        outcomes.update(json.loads(printed))


def main(address: str) -> None:
    """Ask, and print what came of it."""
    with Clients(address) as clients:
        sys.stdout.write("asking\n")
        sys.stdout.flush()
        sys.stdin.read()
    counted = Counter(answer.error.partition("(")[0] or "answered" for answer in clients.answers)
    sys.stdout.write(json.dumps(counted))


if __name__ == "__main__":
    main(sys.argv[1])
