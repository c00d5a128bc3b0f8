"""What profiles of one daemon have to do with each other: names, addresses, and who comes after whom.

Each rule is one function. Those that are settled are never in the wrong towards those that were edited. Pure.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from reloadd.core.order import find_cycle
from reloadd.profile import schema
from reloadd.profile.findings import Finding, problem_in
from reloadd.profile.problems import Code, Problem, place_in, shown_path
from reloadd.profile.relations import is_concrete
from reloadd.profile.words import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from reloadd.profile.accept import Right
    from reloadd.profile.key import Key
    from reloadd.profile.model import Address, Profile
    from reloadd.profile.spans import KeyPath


def clashes(
    settled: Sequence[Right], edited: Sequence[Right], read_names: Collection[str], directory: Path
) -> list[Problem]:
    """All problems that profiles have with each other.

    Args:
        settled: those that run as they are; at the start none.
        edited: all others, in the files' order: of two that clash the later one is wrong.
        read_names: the names of all that were read: also one that is wrong exists, and is complained of by itself.
        directory: the current one; paths in messages are shown from there.
    """
    all_of_them = (*settled, *edited)
    problems = [*_shared_names(all_of_them, directory), *_shared_addresses(all_of_them, directory)]
    names = {*read_names, *(right.profile.name for right in all_of_them)}
    for key in (schema.AFTER, schema.RESTART_WITH):
        problems += _unknown_names(all_of_them, key, names)
        problems += _cycles(all_of_them, key, directory)
    return problems


def _shared_names(rights: Sequence[Right], directory: Path) -> list[Problem]:
    """Profiles with a name that one before them has."""
    holders: dict[str, Right] = {}
    problems: list[Problem] = []
    for one in rights:
        holder = holders.setdefault(one.profile.name, one)
        if holder is not one:
            finding = Finding(
                Code.DUPLICATE,
                f"the name `{one.profile.name}` is taken by {_where(holder, ('name',), directory)}",
                "expected a name of its own",
                "give one of the two another `name`",
            )
            problems.append(problem_in(one.document, ("name",), finding))
    return problems


def _shared_addresses(rights: Sequence[Right], directory: Path) -> list[Problem]:
    """Sockets at an address that a profile before has; port 0 is a number of its own each time."""
    holders: dict[Address, tuple[Right, str]] = {}
    problems: list[Problem] = []
    for one in rights:
        for listen in one.profile.listen:
            holder, name = holders.setdefault(listen.address, (one, listen.name))
            if holder is not one and is_concrete(listen.address):
                finding = Finding(
                    Code.DUPLICATE,
                    f"the address `{listen.address}` is taken by {_where(holder, ('listen', name), directory)}",
                    "expected an address of its own",
                    "give one of the two another port, or port 0 for any that is free",
                )
                problems.append(problem_in(one.document, ("listen", listen.name), finding))
    return problems


def _named(profile: Profile, key: Key[tuple[str, ...]]) -> tuple[str, ...]:
    return profile.after if key is schema.AFTER else profile.restart_with


def _unknown_names(rights: Sequence[Right], key: Key[tuple[str, ...]], names: Collection[str]) -> list[Problem]:
    problems: list[Problem] = []
    for one in rights:
        others = sorted(set(names) - {one.profile.name})
        for name in _named(one.profile, key):
            if name not in names:
                near = nearest(name, others)
                label = f"did you mean `{near}`?" if near else _known(others)
                finding = Finding(
                    Code.NOT_FOUND,
                    f"`{key.spelled}` names `{name}`, and no profile is called so",
                    label,
                    "run its profile in the same daemon, or leave the name out",
                )
                problems.append(problem_in(one.document, _place_of(one, key, name), finding))
    return problems


def _known(others: Sequence[str]) -> str:
    return f"expected {listed(others)}" if others else "this is the only profile"


def _cycles(rights: Sequence[Right], key: Key[tuple[str, ...]], directory: Path) -> list[Problem]:
    """Profiles that close a circle with those before them: each would wait for itself."""
    by_name: dict[str, Right] = {}
    graph: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for one in rights:
        name = one.profile.name
        if name in graph:
            continue
        by_name[name] = one
        graph[name] = _named(one.profile, key)
        cycle = find_cycle(graph, name)
        if cycle is not None:
            del graph[name]
            finding = Finding(
                Code.CONFLICT,
                _circle(cycle, key),
                " → ".join(cycle),
                _way_out(cycle, key, by_name, directory),
            )
            problems.append(problem_in(one.document, _place_of(one, key, cycle[1]), finding))
    return problems


def _circle(cycle: tuple[str, ...], key: Key[tuple[str, ...]]) -> str:
    if cycle[0] == cycle[1]:
        return f"`{key.spelled}` names the profile itself"
    return f"`{key.spelled}` leads round in a circle"


def _way_out(cycle: tuple[str, ...], key: Key[tuple[str, ...]], by_name: dict[str, Right], directory: Path) -> str:
    """Where the circle can be broken, other than at the place that is shown."""
    others = [
        f"`{later}` in {_where(by_name[name], _place_of(by_name[name], key, later), directory)}"
        for name, later in pairwise(cycle[1:])
    ]
    return f"leave out `{cycle[1]}` here" + (f", or {' or '.join(others)}" if others else "")


def _place_of(one: Right, key: Key[tuple[str, ...]], name: str) -> KeyPath:
    """Where the name stands in the array."""
    written = one.document.data.get(key.path[-1])
    index = written.index(name) if isinstance(written, list) else 0
    return (*key.path, index)


def _where(one: Right, key: KeyPath, directory: Path) -> str:
    """The file, and the line if the key is written there."""
    file = shown_path(one.document.file, directory)
    span = one.document.spans.values.get(key)
    return file if span is None else f"{file}:{place_in(one.document.text, span.start, span.end).line}"
