"""How a check says what it found, before it is known where in the file that stands.

A check of a value knows the value and nothing of files; `Inspection` knows the file and turns findings into problems.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.profile.problems import Code, Problem, place_in

if TYPE_CHECKING:
    from reloadd.profile.parse import Document
    from reloadd.profile.spans import KeyPath, Span


class On(Enum):
    """Which part of a line a finding is about."""

    KEY = "key"
    VALUE = "value"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one value.

    Attributes:
        code: its kind.
        message: what is wrong.
        label: what is said right at the value.
        hint: what to do about it.
        inside: where in the value, as keys and indices; empty for the value itself.
        on: which part to underline.
    """

    code: Code
    message: str
    label: str = ""
    hint: str | None = None
    inside: KeyPath = ()
    on: On = On.VALUE

    def within(self, step: str | int) -> Finding:
        """The same finding, as seen from the array or table that holds the value at `step`."""
        return replace(self, inside=(step, *self.inside))


class RefusedError(Exception):
    """A value cannot be used, for all the reasons in `findings`."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*(finding.message for finding in findings))
        self.findings = findings


class Inspection:
    """Collects the problems of one document, in the order in which they stand in it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._found: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that was found, from the top of the file to its end."""
        return tuple(sorted(self._found, key=_order))

    def line_of(self, path: KeyPath) -> int:
        """The line on which a key that is there stands."""
        span = self.document.spans.keys[path]
        return place_in(self.document.text, span.start, span.end).line

    def report(self, path: KeyPath, finding: Finding) -> None:
        """Add what was found at `path`."""
        self._found.append(problem_in(self.document, path, finding))


def _order(problem: Problem) -> tuple[int, int]:
    return (0, 0) if problem.place is None else (problem.place.line, problem.place.column)


def problem_in(document: Document, path: KeyPath, finding: Finding) -> Problem:
    """The finding as a problem at its place; at the nearest table that is there, if the key itself is not."""
    span = _span(document, (*path, *finding.inside), finding.on)
    place = place_in(document.text, span.start, span.end) if span else None
    return Problem(document.file, place, finding.code, finding.message, finding.label, finding.hint)


def _span(document: Document, path: KeyPath, on: On) -> Span | None:
    spans = document.spans
    match on:
        case On.KEY:
            preferred = spans.keys.get(path)
        case On.VALUE:
            preferred = spans.values.get(path)
        case On.TABLE:
            preferred = spans.headers.get(path)
    if preferred is not None:
        return preferred
    for length in range(len(path), 0, -1):
        nearest = path[:length]
        found = spans.headers.get(nearest) or spans.keys.get(nearest)
        if found is not None:
            return found
    return None
