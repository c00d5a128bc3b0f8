"""What include globs mean, as tables."""

from __future__ import annotations

import pytest

from reloadd.core.patterns import compile_includes


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("*.py", "a.py", True),
        ("*.py", "deep/er/a.py", True),
        ("*.py", ".py", True),
        ("*.py", "a.pyc", False),
        ("*.py", "a.PY", False),
        ("*.py", "a.py/b", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "deep/er/a.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/deep/a.py", False),
        ("src/*.py", "other/src/a.py", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/deep/er/a.py", True),
        ("src/**", "src/deep/er/a.txt", True),
        ("src/**", "src", False),
        ("src/", "src/deep/a.txt", True),
        ("src/", "deep/src/a.txt", False),
        ("**", "any/thing", True),
        ("./src/*.py", "src/a.py", True),
        ("./*.py", "src/a.py", True),
        ("/*.py", "a.py", True),
        ("/*.py", "src/a.py", False),
        ("src//a.py", "src/a.py", True),
        ("a?.py", "ab.py", True),
        ("a?.py", "a.py", False),
        ("a?b", "a/b", False),
        ("a**b.py", "axxb.py", True),
        ("x/a**b.py", "x/a/b.py", False),
        ("[ab].py", "a.py", True),
        ("[ab].py", "c.py", False),
        ("[!ab].py", "c.py", True),
        ("[^ab].py", "a.py", False),
        ("[a-c].py", "b.py", True),
        ("[a-c].py", "-.py", False),
        ("[a-].py", "-.py", True),
        ("[a-cx].py", "x.py", True),
        ("[b-b].py", "b.py", True),
        ("[c-a].py", "b.py", False),
        ("[]a].py", "].py", True),
        ("x[+-0]y", "x/y", False),
        ("x[!a]y", "x/y", False),
        ("[a.py", "[a.py", True),
        ("a.b+c(d).py", "a.b+c(d).py", True),
        ("a.b+c(d).py", "aXb+c(d).py", False),
        ("*.py", "line\nbreak.py", True),
        ("*.py", "a.py\n", False),
        ("*.py", "caf\udce9.py", True),
        (".env", "deep/.env", True),
    ],
)
def test_a_glob_matches(glob: str, path: str, *, expected: bool) -> None:
    """Each glob matches exactly the paths that the table says"""
    assert compile_includes([glob]).matches(path) is expected


@pytest.mark.parametrize(
    ("glob", "directory", "expected"),
    [
        ("*.py", "", True),
        ("*.py", "deep/er", True),
        ("src/*.py", "", True),
        ("src/*.py", "src", True),
        ("src/*.py", "src/deep", False),
        ("src/*.py", "srcs", False),
        ("src/*.py", "tests", False),
        ("src/*/x/*.py", "src/any", True),
        ("src/*/x/*.py", "src/any/y", False),
        ("src/*/x/*.py", "src/any/x", True),
        ("src/**/*.py", "src/deep/er", True),
        ("src/**/*.py", "tests", False),
        ("src/", "src/deep", True),
        ("/*.py", "", True),
        ("/*.py", "src", False),
    ],
)
def test_a_directory_may_contain_a_match(glob: str, directory: str, *, expected: bool) -> None:
    """A directory is entered if some file below it could match, and only then"""
    assert compile_includes([glob]).may_contain(directory) is expected


def test_globs_are_alternatives() -> None:
    """A path matters if any of the globs matches it, and a directory if any of them leads there"""
    includes = compile_includes(["src/*.py", "web/**/*.html"])
    assert includes.matches("src/a.py")
    assert includes.matches("web/x/a.html")
    assert not includes.matches("web/a.py")
    assert includes.may_contain("src")
    assert includes.may_contain("web/x")
    assert not includes.may_contain("docs")


def test_no_globs_match_nothing() -> None:
    """Without an include no file matters and no directory is entered"""
    assert not compile_includes([]).matches("a.py")
    assert not compile_includes([]).may_contain("")


def test_every_directory_above_a_match_may_contain_it() -> None:
    """What `matches` accepts is never hidden behind a directory that `may_contain` refuses"""
    globs = ["*.py", "a/*.py", "a/**/b/*.py", "a/*/c/", "/x.py", "**/d/*.py", "[ab]/?/*.py"]
    names = ["a", "b", "c", "d", "x.py"]
    paths = [f"{one}/{two}/{three}/x.py" for one in names for two in names for three in names]
    paths += [f"{one}/{two}/x.py" for one in names for two in names] + [f"{one}/x.py" for one in names] + ["x.py"]
    seen = 0
    for glob in globs:
        includes = compile_includes([glob])
        for path in filter(includes.matches, paths):
            above = path.split("/")[:-1]
            assert all(includes.may_contain("/".join(above[:depth])) for depth in range(len(above) + 1)), (glob, path)
            seen += 1
    assert seen > len(paths)
