"""Who hears of which directories that could not be listened to."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

from reloadd.watch.audience import Audience
from reloadd.watch.degraded import MOST_NAMED, Refusals
from reloadd.watch.interest import Interest, Scopes
from tests.support.watching import watch_set


def audience(*roots: str) -> Audience:
    """Those who look at these."""
    watched = watch_set(*map(Path, roots))
    return Audience(watched, Interest(Scopes().of(watched), watched.include), asyncio.Future(), lambda _: None)


def test_each_limit_is_told_once_to_whom_it_concerns() -> None:
    """To those who look below a directory or above it, and to those who come later; to nobody else"""

    async def scenario() -> None:
        refusals, api, web = Refusals(), audience("/src/api"), audience("/src/web", "/other")
        refusals.add({errno.ENOSPC: ["/src/api/a", "/src/api/b"], errno.EACCES: ["/src"]})
        told = {each.fields["error"]: each.fields["paths"] for each in refusals.news_for(api)}
        assert told == {
            "the limit `fs.inotify.max_user_watches` is reached": ("/src/api/a", "/src/api/b"),
            "the directory may not be read": ("/src",),
        }
        assert [each.fields["paths"] for each in refusals.news_for(web)] == [("/src",)]
        refusals.add({errno.ENOSPC: ["/src/api/c"]})
        assert refusals.news_for(api) == refusals.news_for(web) == []
        assert [each.fields["paths"] for each in refusals.told_to(web)] == [("/src",)]
        assert len(refusals.told_to(api)) == 2
        refusals.add({errno.ENOSPC: ["/other"]})
        assert [each.fields["paths"] for each in refusals.news_for(web)] == [("/other",)]

    asyncio.run(scenario())


def test_a_record_names_a_few_of_many() -> None:
    """At a limit of the kernel's there may be thousands"""

    async def scenario() -> None:
        refusals = Refusals()
        refusals.add({errno.ENOSPC: [f"/src/{number}" for number in range(9)]})
        (told,) = refusals.news_for(audience("/src"))
        assert told.fields["paths"] == (*(f"/src/{number}" for number in range(MOST_NAMED)), "and 4 more")

    asyncio.run(scenario())
