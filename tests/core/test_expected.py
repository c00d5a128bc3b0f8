"""Who is to notice what another one was told of."""

from __future__ import annotations

from reloadd.core.expected import LATEST, Expected

PATHS = ("/shop/shared.py",)
BOTH = {"web": 0.0, "proxy": 0.5}


def test_those_who_watch_the_same_are_expected_for_as_long_as_their_watch_may_take() -> None:
    """Whoever has noticed it, or does not watch it after all, is so no more."""
    expected = Expected().told("api", PATHS, BOTH, now=10.0)

    assert expected.names(10.0) == {"web", "proxy"}
    assert expected.without("proxy").names(10.0) == {"web"}
    assert expected.names(10.0 + LATEST) == {"proxy"}
    assert expected.names(10.5 + LATEST) == frozenset()


def test_whoever_was_told_before_is_not_expected() -> None:
    """Each telling answers to one: the next save is expected again, whoever is told of it first."""
    first = Expected().told("api", PATHS, {"web": 0.0}, now=10.0).told("web", PATHS, {"api": 0.0}, now=10.01)
    assert first.names(10.01) == frozenset()

    assert first.told("web", PATHS, {"api": 0.0}, now=10.05).names(10.05) == {"api"}
    assert first.told("api", PATHS, {"web": 0.0}, now=10.05).names(10.05) == {"web"}
    assert first.told("web", ("/shop/other.py",), {"api": 0.0}, now=10.05).names(10.05) == {"api"}


def test_a_watch_that_polls_answers_late() -> None:
    """Whatever the other watches of the same file take."""
    first = Expected().told("api", PATHS, BOTH, now=10.0)

    assert first.told("proxy", PATHS, {"api": 0.0}, now=10.4 + LATEST).names(10.4 + LATEST) == frozenset()
    assert first.told("proxy", PATHS, {"api": 0.0}, now=10.6 + LATEST).names(10.6 + LATEST) == {"api"}


def test_what_was_told_long_ago_answers_to_nothing() -> None:
    """It was another save."""
    expected = Expected().told("api", PATHS, {"web": 0.0}, now=10.0).told("web", PATHS, {"api": 0.0}, now=20.0)

    assert expected.names(20.0) == {"api"}
