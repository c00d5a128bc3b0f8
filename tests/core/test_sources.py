"""What a text in Python imports, and which edits take an import away."""

from __future__ import annotations

import pytest

from reloadd.core.sources import read_source, vanished


def imports(text: str, module: str = "shop.views", *, is_package: bool = False) -> set[str]:
    """What a text imports."""
    return set(read_source(text, module, is_package=is_package).imports)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a.b, c as d", {"a", "a.b", "c"}),
        ("from a.b import c, d as e", {"a", "a.b", "a.b.c", "a.b.d"}),
        ("def f():\n    import json", {"json"}),
        ("try:\n    import one\nexcept ImportError:\n    import two", {"one", "two"}),
        ("from . import models", {"shop", "shop.models"}),
        ("from .models import User", {"shop", "shop.models", "shop.models.User"}),
        ("from .. import other", set()),
        ("x = 1", set()),
    ],
)
def test_every_import_statement_counts(text: str, found: set[str]) -> None:
    """Wherever it stands; each name that may be a module's is one."""
    assert imports(text) == found


def test_a_package_is_relative_to_itself() -> None:
    """Its `__init__.py` stands for it."""
    assert imports("from .views import index", "shop", is_package=True) == {"shop", "shop.views", "shop.views.index"}


def test_what_cannot_be_parsed_is_read_by_lines() -> None:
    """It may be of a later Python, or half written."""
    text = "import json, xml.etree as tree\nfrom .models import User\nmatch x = =\n"

    assert imports(text) == {"json", "xml", "xml.etree", "shop", "shop.models", "shop.models.User"}


BEFORE = {
    "main": frozenset({"a", "json"}),
    "a": frozenset({"b", "main"}),
    "b": frozenset({"pandas", "xml.etree"}),
    "plugin": frozenset({"csv"}),
}


def gone(**changed: set[str]) -> set[str]:
    """What an edit takes away."""
    after = {**BEFORE, **{module: frozenset(names) for module, names in changed.items()}}
    return set(vanished(BEFORE, after, first="main", preloaded=["json", "pandas", "xml.etree", "csv"]))


def test_an_import_that_is_left_elsewhere_is_still_asked_for() -> None:
    """Only the last one counts."""
    assert gone(b={"xml.etree"}) == {"pandas"}
    assert gone(b={"xml.etree"}, main={"a", "json", "pandas"}) == set()
    assert gone(b={"pandas", "xml.etree", "os"}) == set()


def test_what_a_module_imports_goes_with_its_last_import() -> None:
    """Though its text is as it was; a cycle back to the program's first module keeps nothing alive."""
    assert gone(a={"main"}) == {"pandas", "xml.etree"}


def test_what_no_statement_leads_to_is_taken_to_be_wanted() -> None:
    """It was imported by name: an app of Django, a plugin."""
    assert gone(main={"json"}) == {"pandas", "xml.etree"}
    assert gone(plugin=set()) == {"csv"}


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ('os.environ["A"] = "1"\nx = 1', 'os.environ["A"] = "1"\nx = 2', True),
        ('os.environ["A"] = "1"', 'os.environ["A"] = "2"', False),
        ('os.environ.setdefault("A", "1")', 'os.environ.setdefault("A", "1")\ny = 0', True),
        ('n = 1\nos.environ["A"] = str(n)', 'n = 2\nos.environ["A"] = str(n)', False),
        ('x = os.environ["A"]', 'x = os.environ["B"]', True),
    ],
)
def test_how_the_environment_is_set(before: str, after: str, is_same: bool) -> None:  # noqa: FBT001
    """What is written in full is compared; where a value comes from elsewhere, all of the file is."""
    first, second = (read_source(text, "main", is_package=False).environ for text in (before, after))

    assert (first == second) is is_same
