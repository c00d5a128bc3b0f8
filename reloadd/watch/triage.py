"""What an event means: whether it is a reason to look, how large a look that is, and at which paths.

Quick, so that a database which is written to beside the code costs little. Touches no file, but to ask whether it is a
link.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reloadd.watch.inbox import Hint, Purpose
from reloadd.watch.snapshot import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadd.watch.directories import Directories, Directory
    from reloadd.watch.inbox import Sighting
    from reloadd.watch.interest import Interest
    from reloadd.watch.roots import Roots
    from reloadd.watch.snapshot import Snapshot
    from reloadd.watch.ties import Ties

_OF_FILES = frozenset({Hint.COMPLETE, Hint.BEGUN, Hint.GONE})
"""Events that are about a file, or about a link."""

_WRITERS = {Hint.COMPLETE: Writer.DONE, Hint.BEGUN: Writer.BUSY}
"""What an event says of who wrote the file; the others say nothing."""


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

    def may_change(self, sighting: Sighting, interest: Interest) -> bool:
        """Whether an event is about a file that matters to an interest, so that there may be a change to tell."""
        directory = self._directory_of_file(sighting)
        if directory is None or not self._snapshot.has_baseline(interest):
            return False
        path = sighting.path
        return bool(interest.scopes_of(path, self._snapshot.scopes(path) or directory.scopes_of(path)))

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

    def places(self, sightings: Iterable[Sighting]) -> dict[str, Writer]:
        """The paths that events point to, each with what the last of them says of its writer."""
        places: dict[str, Writer] = {}
        for sighting in sightings:
            where, writer = sighting.subscriber.directory, _WRITERS.get(sighting.hint, Writer.UNKNOWN)
            directory = self._directories.get(where)
            if sighting.subscriber.purpose is Purpose.NAMES:
                for ties in self._ties:
                    places.update(dict.fromkeys(ties.depending_on(where, sighting.name), writer))
            elif directory is not None and sighting.name in directory.made_by:
                places[where] = Writer.UNKNOWN
            else:
                places[sighting.path] = writer
        return places
