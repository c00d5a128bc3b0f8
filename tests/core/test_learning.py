"""Which modules may be imported ahead, by what a ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reloadd.core.account import Account, is_installed, is_users_directory
from reloadd.core.learning import DENIED, Learned, learn

if TYPE_CHECKING:
    from collections.abc import Mapping

Line = dict[str, object]


def sought(name: str) -> Line:
    """A look-up."""
    return {"word": "sought", "name": name}


def found(name: str, *, user: bool = False, library: bool = False) -> Line:
    """A module that is about to be loaded."""
    home = "/app" if user else "/usr/lib/python3.11" if library else "/venv/lib/python3.11/site-packages"
    return {"word": "found", "name": name, "file": f"{home}/{name}.py", "signature": [1, 2, 3], "user": user}


def sets(name: str, value: str | None, by: str | None = "/app/main.py:3") -> Line:
    """A variable that is set."""
    return {"word": "set", "name": name, "value": value, "by": by}


def learned(*lines: Line, known: Learned | None = None, anew: bool = True) -> Learned:
    """What is known after a ledger."""
    account = Account()
    account.add(lines)
    return learn(account, known or Learned(), anew=anew)


def test_modules_come_in_the_order_of_their_look_up() -> None:
    """Not in that of their completion, which breaks cycles; the user's own are not among them."""
    lines = (sought("a"), sought("a.b"), sought("c"), found("c"), found("a.b"), found("a"), found("main", user=True))

    assert learned(*lines).modules == ("a", "a.b", "c")


def test_what_a_warm_child_shows_to_be_denied_stays_denied() -> None:
    """It may have come with the last edit."""
    known = learned(found("gevent.monkey"), known=learned(found("a")), anew=False)

    assert known.denied is not None
    assert learned(found("b"), known=known, anew=False).denied == known.denied


def test_the_ledger_of_a_warm_child_only_adds() -> None:
    """What had been imported ahead is not in it. That of a cold child has everything."""
    known = learned(found("a"), found("b"))

    assert learned(found("c"), known=known, anew=False).modules == ("a", "b", "c")
    assert learned(found("c"), known=known).modules == ("c",)


def test_what_was_excluded_stays_out() -> None:
    """With all below it, also when it is seen again."""
    known = learned(found("a"), found("polars"), found("polars.lazy")).without({"polars": "it leaves threads"})

    assert known.modules == ("a",)
    assert learned(found("a"), found("polars.lazy"), found("polarsx"), known=known).modules == ("a", "polarsx")
    assert known.excluded == {"polars": "it leaves threads"}


def test_what_is_known_from_elsewhere_comes_after_it() -> None:
    """Once each, and only what may be imported ahead."""
    known = learned(found("a"), found("polars")).without({"polars": "it leaves threads"})

    assert known.with_more(["b", "a", "polars.lazy"]).modules == ("a", "b")
    assert learned(found("gevent.monkey")).with_more(["b"]).modules == ()


def test_our_adapter_for_a_server_that_is_not_installed_is_left_out() -> None:
    """The one for the server that the app uses is not."""
    missed: Line = {"word": "missed", "name": "hypercorn"}
    adapters = [found(f"_reloadd_runtime.servers.{name}_adapter") for name in ("uvicorn", "hypercorn")]

    assert learned(missed, *adapters).modules == ("_reloadd_runtime.servers.uvicorn_adapter",)


@pytest.mark.parametrize("name", DENIED)
def test_what_depends_on_the_order_of_imports_denies_all(name: str) -> None:
    """With a reason for the log."""
    result = learned(found("flask"), found(f"{name}.inner"))

    assert result.modules == ()
    assert result.denied is not None
    assert name in result.denied


def test_variables_set_before_packages_are_set_ahead() -> None:
    """The first value counts; what others than the user's code set does not."""
    lines = (
        found("json", library=True),
        sets("MPLBACKEND", "svg"),
        sets("MPLBACKEND", "agg"),
        sets("THEIRS", "1", by=None),
        sets("GONE", None),
        found("matplotlib"),
    )
    result = learned(*lines)

    assert result.environ == {"MPLBACKEND": "svg", "GONE": None}
    assert result.modules == ("json", "matplotlib")


def test_a_package_under_a_later_environment_is_left_to_the_app() -> None:
    """Those that had begun before the variable was set are not."""
    result = learned(
        found("numpy"), sets("OMP_NUM_THREADS", "1"), found("numpy.fft"), found("sklearn"), found("sklearn.svm")
    )

    assert result.environ == {}
    assert result.modules == ("numpy", "numpy.fft")


def test_a_variable_that_no_import_reads_changes_nothing() -> None:
    """A project of Django sets its settings when Django has been imported."""
    result = learned(found("django"), sets("DJANGO_SETTINGS_MODULE", "shop.settings"), found("asgiref"))

    assert result.environ == {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    assert result.modules == ("django", "asgiref")


@pytest.mark.parametrize(
    ("finder", "modules"),
    [
        ("main.Rewriter", ("a",)),
        ("beartype_like.hook.Finder", ("a",)),
        ("six._SixMetaPathImporter", ("a", "b")),
        ("botocore.vendored.six._SixMetaPathImporter", ("a", "b")),
        ("_frozen_importlib_external.PathFinder", ("a", "b")),
        ("_distutils_hack.DistutilsMetaFinder", ("a", "b")),
        ("_reloadd_runtime.imports.Finder", ("a", "b")),
        ("__editable___shop_finder._EditableFinder", ("a", "b")),
    ],
)
def test_nothing_is_imported_ahead_after_a_strange_finder(finder: str, modules: tuple[str, ...]) -> None:
    """It may change what is found, also if another one follows; the usual ones do not."""
    later: Line = {"word": "hooked", "by": ["main.Later"]}
    assert learned(found("a"), {"word": "hooked", "by": [finder]}, found("b"), later).modules == modules
    assert learned(found("a"), {"word": "hooked", "by": [finder]}, found("b")).modules == modules


@pytest.mark.parametrize("line", [{"word": "found"}, {"word": "path", "path": 1}, {"word": "new"}, {"word": 3}])
def test_a_line_that_is_not_ours_is_passed_over(line: Mapping[str, object]) -> None:
    """An app may write into the file; later versions may say more."""
    assert learned(dict(line), found("a")).modules == ("a",)


@pytest.mark.parametrize(
    ("path", "is_users"),
    [
        ("/app", True),
        ("/app/src", True),
        ("/usr/lib/python3.11", False),
        ("/usr/lib/python3.13t/lib-dynload", False),
        ("/usr/lib/python311.zip", False),
        ("/venv/lib/python3.11/site-packages", False),
        ("/usr/lib/python3/dist-packages", False),
    ],
)
def test_directories_of_the_import_path(path: str, is_users: bool) -> None:  # noqa: FBT001
    """Those of packages and of the standard library are not the user's."""
    assert is_users_directory(path) is is_users
    assert is_installed("/venv/lib/python3.11/site-packages/flask/app.py")
