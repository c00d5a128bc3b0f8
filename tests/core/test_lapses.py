"""What is said of trouble that comes and goes."""

from __future__ import annotations

import random

from reloadd.core.lapses import FIRST, FORGOTTEN, LONGEST, Lapse, News, observe


def told(*seen: tuple[float, bool]) -> list[tuple[float, News]]:
    """What is said, and when, of something that is seen at these moments to be well or not."""
    lapse, said = Lapse(), list[tuple[float, News]]()
    for now, is_well in seen:
        lapse, news = observe(lapse, is_well=is_well, now=now)
        said += [] if news is None else [(now, news)]
    return said


def test_a_failure_is_told_at_once_and_recovery_when_it_has_lasted() -> None:
    """What never failed is not said to be well; what goes on failing is told once."""
    assert told(
        (0, True), (1, False), (1.5, False), (2, True), (2 + FIRST / 2, True), (2 + FIRST, True), (9, True)
    ) == [
        (1, News.FAILED),
        (2 + FIRST, News.RECOVERED),
    ]


def test_what_comes_and_goes_is_told_ever_more_rarely() -> None:
    """Whatever its rhythm: within an hour of turns there are some twenty words at most, and the first at once."""
    for seed in range(20):
        chance = random.Random(seed)  # noqa: S311 (no secret)
        seen, now = list[tuple[float, bool]](), 0.0
        while now < 3600:
            now += chance.choice((0.01, FIRST * 0.9, FIRST * 1.1, 30.0))
            seen.append((now, chance.random() < 0.7))
        said = told(*seen)

        assert len(said) <= 20, seed
        assert [news for _, news in said[::2]] == [News.FAILED] * len(said[::2])
        assert [news for _, news in said[1::2]] == [News.RECOVERED] * len(said[1::2])


def test_even_after_many_relapses_a_recovery_is_told_in_the_end() -> None:
    """After ten minutes at the most."""
    lapse, now = Lapse(), 0.0
    for _ in range(20):
        lapse, _ = observe(lapse, is_well=False, now=now)
        lapse, _ = observe(lapse, is_well=True, now=now)
        assert lapse.due is not None
        now = lapse.due
        lapse, news = observe(lapse, is_well=True, now=now)
        assert news is News.RECOVERED

    assert lapse.patience == LONGEST


def test_long_after_a_recovery_a_failure_is_a_new_one() -> None:
    """It is told as promptly as the first that it is over."""
    first, well = (0.0, False), (1.0, True)
    later = 1 + FIRST + FORGOTTEN

    assert told(first, well, (1 + FIRST, True), (later, False), (later + 1, True), (later + 1 + FIRST, True))[2:] == [
        (later, News.FAILED),
        (later + 1 + FIRST, News.RECOVERED),
    ]


def test_it_is_known_when_there_is_something_to_say() -> None:
    """So that it is said although nothing else happens."""
    failed, _ = observe(Lapse(), is_well=False, now=0)
    well, _ = observe(failed, is_well=True, now=1)
    over, _ = observe(well, is_well=True, now=1 + FIRST)

    assert (Lapse().due, failed.due, well.due, over.due) == (None, None, 1 + FIRST, None)
