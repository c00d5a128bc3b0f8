"""`reloadd explain`: what is said of a path, profile by profile."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from reloadd.cli import main
from reloadd.cli.explain import words_of
from reloadd.watch.base import Means
from reloadd.watch.mounts import file_system_at
from tests.support.daemon import RunningDaemon, write_files
from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "shop.toml": '[target]\ncommand = ["sleep", "600"]\n'
    '[watch]\nroots = ["src"]\ninclude = ["*.py"]\nexclude = ["/made/"]\n',
    "poll.toml": '[target]\nscript = "src/run.py"\n[watch]\nbackend = "poll"\npoll-interval = 2\n',
    "src/run.py": "",
    "src/made/a.py": "",
    "src/.gitignore": "\nsecret*\n",
    "src/.venv/lib/b.py": "",
}
KIND = "KIND"
BUILT_IN = 'not watched: it lies in src/.venv, and `.venv` is always left out; `exclude = ["!.venv"]` would take it in'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two profiles, as the current directory; no daemon runs, and the user has no own profiles."""
    write_files(tmp_path, FILES)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize(
    ("path", "status", "shop", "poll"),
    [
        (
            "src/run.py",
            0,
            "watched, because `*.py` of `include` matches; changes are told by events (KIND)",
            "watched, because `*.py` of the default `include` matches; polled every 2 s (KIND)",
        ),
        (
            "src/made/a.py",
            0,
            "not watched: it lies in src/made, and `/made/` of `exclude` leaves that out",
            "watched, because `*.py` of the default `include` matches; polled every 2 s (KIND)",
        ),
        (
            "src/secret.py",
            1,
            "not watched: `secret*` in src/.gitignore:2 leaves it out; `gitignore = false` would take it in",
            "not watched: `secret*` in src/.gitignore:2 leaves it out; `gitignore = false` would take it in",
        ),
        (
            "src/.venv/lib/b.py",
            1,
            BUILT_IN,
            BUILT_IN,
        ),
        (
            "src/page.html",
            0,
            "not watched: nothing in `include` matches it",
            "watched, because `*.html` of the default `include` matches; polled every 2 s (KIND)",
        ),
        (
            "src",
            0,
            "watched, because it is a root; changes are told by events (KIND)",
            "watched, because files that matter may lie below it; polled every 2 s (KIND)",
        ),
        (
            "/etc/hosts",
            1,
            "not watched: it lies below none of the roots `src`",
            "not watched: it lies below none of the roots `.`, `src/run.py`",
        ),
        (
            "/srv/lib/prices.py",
            1,
            "not watched: it lies below none of the roots `src`",
            "not watched: it lies below none of the roots `.`, `src/run.py`; it is watched once the app reads it",
        ),
        (
            "/srv/lib/README.md",
            1,
            "not watched: it lies below none of the roots `src`",
            "not watched: it lies below none of the roots `.`, `src/run.py`",
        ),
        (
            "/srv",
            1,
            "not watched: it lies below none of the roots `src`",
            "not watched: it lies below none of the roots `.`, `src/run.py`",
        ),
    ],
)
def test_each_profile_says_what_decides(  # noqa: PLR0917 - a table's row
    here: Path, path: str, status: int, shop: str, poll: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule and where it stands, or how a change is seen; the status tells whether anybody watches it."""
    assert main(["explain", path, "--profile", "."]) == status

    expected = f"{here / path}\n  poll: {poll}\n  shop: {shop}\n"
    said = expected.replace(KIND, file_system_at(str(here)))
    assert capsys.readouterr() == (said, "")


@pytest.mark.parametrize(
    ("means", "words"),
    [
        (Means.EVENTS, "changes are told by events"),
        (Means.POLL, "polled every 0.5 s"),
        (Means.BOTH, "changes are told by events, and it is polled every 0.5 s, since others write there unseen"),
    ],
)
def test_by_what_a_change_is_seen_is_said(means: Means, words: str) -> None:
    """Also where events tell of our own writes alone."""
    assert words_of(means, 0.5) == words


def test_a_profile_is_read_again_by_the_daemon_itself(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Though no app watches it."""
    assert main(["explain", "shop.toml", "--profile", "shop.toml"]) == 1

    assert capsys.readouterr().out == (
        f"{here}/shop.toml\n"
        "  reloadd: read again when it is saved, because it is the profile of `shop`\n"
        "  shop: not watched: it lies below none of the roots `src`\n"
    )


def test_json_has_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All fields, for programs."""
    main(["explain", "src/secret.py", "--profile", "shop.toml", "--output", "json"])

    (told,) = json.loads(capsys.readouterr().out)["paths"]
    assert told == {
        "path": f"{here}/src/secret.py",
        "profile_of": None,
        "profiles": [
            {
                "profile": "shop",
                "profile_file": f"{here}/shop.toml",
                "watched": False,
                "watched_once_imported": False,
                "verdict": "ignored-by-git",
                "root": f"{here}/src",
                "rule": "secret*",
                "is_default": None,
                "file": f"{here}/src/.gitignore",
                "line": 2,
                "decided_at": f"{here}/src/secret.py",
                "backend": None,
                "file_system": file_system_at(str(here)),
            }
        ],
    }


def test_a_wrong_profile_is_drawn(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2."""
    ProfileDirectory(here).write({"bad.toml": "x"})

    assert main(["explain", "src", "--profile", "bad.toml"]) == 2
    assert capsys.readouterr().err.endswith("bad.toml: 1 problem, nothing can be said of any path\n")

    assert main(["explain", "src", "--profile", "bad.toml", "--profile", "shop.toml"]) == 0
    said = capsys.readouterr()
    assert said.err.endswith("bad.toml: 1 problem, only the others are asked\n")
    assert "\n  shop: " in said.out


@pytest.mark.parametrize(("paths", "status"), [(["src/run.py", "src"], 0), (["src", "src/secret.py"], 1)])
def test_several_paths_are_explained_one_after_the_other(
    here: Path, paths: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each as if it were alone; the status tells whether all of them are watched."""
    alone = ""
    for path in paths:
        main(["explain", path, "--profile", "."])
        alone += capsys.readouterr().out

    assert main(["explain", *paths, "--profile", "."]) == status
    assert capsys.readouterr().out == alone
    main(["explain", *paths, "--profile", ".", "--output", "json"])
    assert [each["path"] for each in json.loads(capsys.readouterr().out)["paths"]] == [
        f"{here}/{path}" for path in paths
    ]


@pytest.mark.slow
def test_the_profiles_that_run_are_asked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where none is named."""
    (here / "run").mkdir(mode=0o700)
    with RunningDaemon(here, "--profile", "shop.toml", "-v", environ=dict(os.environ)) as daemon:
        daemon.wait_for("control.opened")

        assert main(["explain", "src/run.py"]) == 0
    assert capsys.readouterr().out.startswith(f"{here}/src/run.py\n  shop: watched, ")
