"""What an examination says: a check for each part, with its verdict and its fix; and how numbers are judged. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a part stands; the value is what programs and people read."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        topic: what it belongs to, such as `limits`.
        subject: what was looked at.
        verdict: how it stands.
        found: what was found, in words.
        fix: a command, or a line of a profile, that mends it; None where there is nothing to mend.
    """

    topic: str
    subject: str
    verdict: Verdict
    found: str
    fix: str | None = None


_NEARLY = 0.8
"""Share of a limit from which on the next project may not fit any more."""

_FEW_DESCRIPTORS = 1024
_OLDEST_PYTHON = (3, 8)


def judge_use(used: int, limit: int) -> Verdict:
    """How a limit stands of which so much is used."""
    if used >= limit:
        return Verdict.BAD
    return Verdict.WARN if used >= _NEARLY * limit else Verdict.OK


def judge_descriptors(soft: int, hard: int) -> tuple[Verdict, str | None]:
    """How the limit of open files stands: each app takes a handful, each connection that moves one more."""
    if soft >= _FEW_DESCRIPTORS:
        return Verdict.OK, None
    most = max(hard, soft)
    return Verdict.WARN, f"ulimit -n {min(most, 4 * _FEW_DESCRIPTORS)}"


def judge_python(version: tuple[int, ...]) -> Verdict:
    """Whether an interpreter can run an app."""
    return Verdict.OK if version >= _OLDEST_PYTHON else Verdict.BAD


def worst(checks: tuple[Check, ...]) -> Verdict:
    """The worst verdict of all; a healthy one of none."""
    order = list(Verdict)
    return max((check.verdict for check in checks), key=order.index, default=Verdict.OK)


def raised(limit: int) -> int:
    """What a limit is to be raised to: the usual value of distributions that raise it, or twice of what it is."""
    return max(2 * limit, 524288)
