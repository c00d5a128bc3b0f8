"""Which scopes a file is in, by asking as few rules as will do.

Never looks at a file; says only how to judge those that are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.watch.directories import Directory
    from reloadd.watch.interest import Scope

    Judge = Callable[[str, str], tuple[Scope, ...]]
    """Given the path of a file and its name."""


def judge_of_new(directory: Directory, *, holds_root: bool) -> Judge:
    """How to judge what is in a directory of which nothing is known yet.

    Args:
        directory: whose files they are.
        holds_root: whether a root is in it, which may be a file.
    """
    return (lambda file, _name: directory.scopes_of(file)) if holds_root else directory.ruling.scopes_of


def judge_of_known(
    directory: Directory, before: Directory, scopes_before: Callable[[str], tuple[Scope, ...] | None]
) -> Judge:
    """How to judge what is in a directory that was listed before. What is known there keeps what its rules said.

    Args:
        directory: as it is now.
        before: the same with the rules by which its files were judged.
        scopes_before: those that a file was in; None of a file that is not known.
    """
    covering = {s for s, its in directory.rules.items() if s in before.rules and its.covers(before.rules[s])}
    is_settled = before.rules == directory.rules

    def judge(file: str, _name: str) -> tuple[Scope, ...]:
        was_in = scopes_before(file)
        if was_in is None:
            return directory.scopes_of(file)
        if is_settled:
            return was_in
        return directory.scopes_of(file, sure=[scope for scope in was_in if scope in covering])

    return judge
