"""What an event means: whether it is a reason to look, how large a look that is, and at which paths.

Quick, so that a database which is written to beside the code costs little. Touches no file, but to ask whether it is a
link.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from reloadd.watch.inbox import Hint, Purpose
from reloadd.watch.snapshot import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reloadd.watch.directories import Directories, Directory
    from reloadd.watch.inbox import Sighting
    from reloadd.watch.interest import Interest, Scope
    from reloadd.watch.roots import Roots
    from reloadd.watch.snapshot import Snapshot
    from reloadd.watch.ties import Ties

_OF_FILES = frozenset({Hint.COMPLETE, Hint.BEGUN, Hint.GONE})
"""Events that are about a file, or about a link."""

_WRITERS = {Hint.COMPLETE: Writer.DONE, Hint.BEGUN: Writer.BUSY}
"""What an event says of who wrote the file; the others say nothing."""


_FEWEST_OF_A_CROWD, _SHARE_OF_A_CROWD = 8, 0.25
"""From so many files of one directory on, and so large a part of those that are known there, it is listed."""


class Places(NamedTuple):
    """Where to look.

    Attributes:
        paths: one by one, each with what the last event says of its writer.
        directories: to be listed, since events are about many of their files.
    """

    paths: dict[str, Writer]
    directories: set[str]


class Triage:
    """For the events of one tree.

    Args:
        roots: where it begins.
        directories: those that were entered.
        snapshot: the files that were found.
        ties: the names elsewhere that decide what its paths mean.
    """

    def __init__(self, roots: Roots, directories: Directories, snapshot: Snapshot, ties: tuple[Ties, ...]) -> None:
        self._roots = roots
        self._directories = directories
        self._snapshot = snapshot
        self._ties = ties

    def minds(self, sighting: Sighting) -> bool:
        """Whether an event is a reason to look."""
        if sighting.subscriber.purpose is Purpose.NAMES or sighting.hint is Hint.ITSELF:
            return True
        directory = self._directories.get(sighting.subscriber.directory)
        if directory is None:
            return False
        path = sighting.path
        if path in self._snapshot or path in self._directories or sighting.name in directory.made_by:
            return True
        if sighting.hint is Hint.DIRECTORY:
            return directory.wants_directory(path)
        # A link may lead to a directory, whatever its name.
        return bool(directory.scopes_of(path)) or (sighting.hint is not Hint.GONE and os.path.islink(path))

    def files_of(self, sightings: Iterable[Sighting]) -> dict[tuple[Scope, ...], list[str]]:
        """The files that events are about, by the scopes that they are in: of those there are few."""
        files: dict[tuple[Scope, ...], list[str]] = {}
        for sighting in sightings:
            directory = self._directory_of_file(sighting)
            path = sighting.path
            if directory is not None and not (sighting.hint is Hint.GONE and path in self._snapshot.uncovered):
                files.setdefault(self._snapshot.scopes(path) or directory.scopes_of(path), []).append(path)
        return files

    def may_change(self, files: Mapping[tuple[Scope, ...], Sequence[str]], interest: Interest) -> bool:
        """Whether one of these files matters to an interest, so that there may be a change to tell."""
        if not self._snapshot.has_baseline(interest):
            return False
        concerned = (each for each in files.items() if any(scope in each[0] for scope in interest.scopes))
        return any(interest.scopes_of(path, scopes) for scopes, paths in concerned for path in paths)

    def is_quick(self, sighting: Sighting) -> bool:
        """Whether looking there is no more than a stat of a file that was written just now."""
        directory = self._directory_of_file(sighting)
        if directory is None:
            return False
        path = sighting.path
        is_more = sighting.name in directory.made_by or path in self._directories or path in self._roots.at
        return not is_more and not os.path.islink(path)

    def _directory_of_file(self, sighting: Sighting) -> Directory | None:
        """Where the file is that an event is about; None if it is about something else."""
        if sighting.subscriber.purpose is Purpose.NAMES or sighting.hint not in _OF_FILES:
            return None
        return self._directories.get(sighting.subscriber.directory)

    def places(self, sightings: Iterable[Sighting]) -> Places:
        """What is to be looked at because of events."""
        paths: dict[str, Writer] = {}
        files: dict[str, set[str]] = {}
        for sighting in sightings:
            where, writer = sighting.subscriber.directory, _WRITERS.get(sighting.hint, Writer.UNKNOWN)
            directory = self._directories.get(where)
            if sighting.subscriber.purpose is Purpose.NAMES:
                for ties in self._ties:
                    paths.update(dict.fromkeys(ties.depending_on(where, sighting.name), writer))
            elif directory is not None and sighting.name in directory.made_by:
                paths[where] = Writer.UNKNOWN
            else:
                paths[sighting.path] = writer
                if sighting.hint in _OF_FILES and directory is not None:
                    files.setdefault(where, set()).add(sighting.path)
        crowded = {where for where, those in files.items() if self._is_crowd(where, len(those))}
        for where in crowded:
            for path in files[where]:
                if not (path in self._directories or path in self._roots.at):
                    del paths[path]
        return Places(paths, crowded)

    def _is_crowd(self, where: str, number: int) -> bool:
        """Whether so many files of a directory are looked at in less time by listing it."""
        directory = self._directories.get(where)
        return directory is not None and number >= max(_FEWEST_OF_A_CROWD, _SHARE_OF_A_CROWD * len(directory.files))
