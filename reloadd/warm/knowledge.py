"""What is known of one app's imports: learned from the ledgers of its children, as a value that is replaced as a whole.

Reading takes a while and happens on a thread; whoever holds a value goes on with it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reloadd.core.learning import Learned, learn
from reloadd.core.starts import Cold, Start
from reloadd.warm import ledgers
from reloadd.warm.memory import Recalled, digest_of_installed
from reloadd.warm.users import Users

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known at one moment.

    Attributes:
        learned: which modules may be imported ahead.
        users: what the user's code asks for.
        paths: the directories of the import path.
        modules: the user's modules by the files that they are in.
        entered: when each of the user's modules was begun by the last child that started warm, in milliseconds.
        recalled: what an earlier run of the daemon has found out.
    """

    learned: Learned = field(default_factory=Learned)
    users: Users = field(default_factory=Users)
    paths: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    entered: Mapping[str, float] = field(default_factory=dict)
    recalled: Recalled = field(default_factory=Recalled)

    @classmethod
    def of(cls, recalled: Recalled) -> Knowledge:
        """What is known before any child has run."""
        return cls(Learned(excluded=recalled.excluded), recalled=recalled)

    def to_recall(self) -> Recalled:
        """What a later run of the daemon can go by."""
        learned = self.learned
        return Recalled(learned.modules, learned.excluded, self.users.asked, digest_of_installed(self.paths))

    def after(self, ledger: Path, start: Start) -> Knowledge:
        """What is known after the ledger of a child that came to be in this way: only a cold start's has everything."""
        account = ledgers.read(ledger)
        anew = isinstance(start, Cold)
        learned, users = learn(account, self.learned, anew=anew), self.users.after(account, anew=anew)
        paths = tuple(account.paths) or self.paths
        if anew:
            # What only the first requests bring is not seen yet.
            learned = learned.with_more(self.recalled.modules_for(users.asked, paths))
        return Knowledge(
            learned=learned,
            users=users,
            paths=paths,
            modules=account.users if anew else {**self.modules, **account.users},
            # The times of a cold start are those of the packages' imports too.
            entered={} if anew else account.entered,
            recalled=self.recalled,
        )

    def without(self, failures: Mapping[str, str]) -> Knowledge:
        """The same, when these modules were found not to be importable ahead."""
        return replace(self, learned=self.learned.without(failures))

    def earliest(self, paths: Iterable[str], *, least_ms: float) -> str | None:
        """Of the user's modules in these files the one that is run first, if it is run after so many milliseconds."""
        names = [self.modules[path] for path in paths if path in self.modules]
        if not names or not all(name in self.entered for name in names):
            return None
        first = min(names, key=lambda name: self.entered[name])
        return first if self.entered[first] >= least_ms else None
