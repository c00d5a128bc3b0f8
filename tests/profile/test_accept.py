"""Which profiles run: names and orders that cannot be, and what is taken back when profiles are read again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.accept import is_usable, missing_files
from reloadd.profile.load import Source
from reloadd.profile.problems import Code, Problem, draw
from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from reloadd.profile.accept import Loaded

SLEEP = '[target]\ncommand = ["sleep", "1"]\n'
AT = SLEEP + '[listen]\nhttp = "127.0.0.1:{port}"\n'


class Directory(ProfileDirectory):
    """A directory whose profiles run, and are read again."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.source = Source(("./",), self.environ, path, Path(sys.executable))
        self.loaded: Loaded | None = None

    def save(self, files: dict[str, str | bytes]) -> str:
        """Write files and read all again; what is drawn."""
        self.write(files)
        if self.loaded is None:
            self.loaded = self.source.load()
        else:
            self.loaded = self.source.load_again(self.loaded.accepted, self.source.read())
        return draw(self.loaded.problems, directory=self.path) if self.loaded.problems else ""

    @property
    def running(self) -> dict[str, str]:
        """The names of what runs, each with its file's text as it is accepted."""
        assert self.loaded is not None
        return {one.profile.name: one.document.text for one in self.loaded.accepted.values()}


def test_a_circle_is_drawn_where_it_is_closed(tmp_path: Path) -> None:
    """The whole way round is shown, and each place at which it can be broken."""
    directory = ProfileDirectory(tmp_path).write(
        {
            "api.toml": 'after = ["db"]\n' + SLEEP,
            "cache.toml": 'name = "cache"\nafter = ["api"]\n' + SLEEP,
            "db.toml": 'after = [\n  "disk",\n  "cache",\n]\n' + SLEEP,
            "disk.toml": SLEEP,
        }
    )

    assert directory.drawn("./") == (
        """\
error: `after` leads round in a circle
 --> db.toml:3:3
  |
3 |   "cache",
  |   ^^^^^^^ db → cache → api → db
  = hint: leave out `cache` here, or `api` in cache.toml:2 or `db` in api.toml:1

db.toml: 1 problem, nothing was started"""
    )


def test_a_profile_cannot_wait_for_itself(tmp_path: Path) -> None:
    """That is a circle, too, and so is one of `restart-with`; the two keys are nothing to each other."""
    directory = ProfileDirectory(tmp_path).write(
        {
            "a.toml": 'after = ["a"]\nrestart-with = ["b"]\n' + SLEEP,
            "b.toml": 'after = ["a"]\n' + SLEEP,
        }
    )

    assert directory.drawn("./") == (
        """\
error: `after` names the profile itself
 --> a.toml:1:10
  |
1 | after = ["a"]
  |          ^^^ a → a
  = hint: leave out `a` here

a.toml: 1 problem, nothing was started"""
    )


@pytest.mark.parametrize(
    ("named", "label"),
    [("dbb", "did you mean `db`?"), ("postgres", "expected `api` or `db`")],
)
def test_an_unknown_name_is_drawn_with_a_near_one(tmp_path: Path, named: str, label: str) -> None:
    """Or with all that there are."""
    directory = ProfileDirectory(tmp_path).write(
        {"api.toml": SLEEP, "db.toml": SLEEP, "web.toml": f'restart-with = ["api", "{named}"]\n' + SLEEP}
    )

    assert directory.drawn("./") == (
        f"""\
error: `restart-with` names `{named}`, and no profile is called so
 --> web.toml:1:24
  |
1 | restart-with = ["api", "{named}"]
  |                        {"^" * (len(named) + 2)} {label}
  = hint: run its profile in the same daemon, or leave the name out

web.toml: 1 problem, nothing was started"""
    )


def test_a_name_that_belongs_to_a_wrong_profile_is_known(tmp_path: Path) -> None:
    """Only the profile that is wrong is complained of."""
    directory = ProfileDirectory(tmp_path).write({"db.toml": "x\n", "api.toml": 'after = ["db"]\n' + SLEEP})

    assert [problem.file.name for problem in directory.load("./").problems] == ["db.toml"]


def test_one_profile_alone_can_come_after_nobody(tmp_path: Path) -> None:
    """The message says that there is no other."""
    drawing = ProfileDirectory(tmp_path).write({"a.toml": 'after = ["db"]\n' + SLEEP}).drawn("a.toml")

    assert '1 | after = ["db"]\n  |          ^^^^ this is the only profile\n' in drawing


# At the start.


@pytest.mark.parametrize(
    ("arguments", "starts", "absent"),
    [
        (["good.toml"], True, set()),
        (["wrong.toml"], False, {"wrong"}),
        (["wrong.toml", "good.toml"], True, {"wrong"}),
        (["./"], True, {"wrong", "api"}),
        (["good.toml", "gone.toml"], False, set()),
        (["good.toml", "empty/"], False, set()),
    ],
)
def test_what_is_right_starts(tmp_path: Path, arguments: list[str], starts: bool, absent: set[str]) -> None:  # noqa: FBT001 (a row)
    """A wrong file keeps no other from starting; a word of the command line that means nothing does."""
    directory = ProfileDirectory(tmp_path).write(
        {"good.toml": AT.format(port=7001), "wrong.toml": "x", "late.toml": 'name = "api"\n' + AT.format(port=7001)}
    )
    (tmp_path / "empty").mkdir()
    source = Source(tuple(arguments), directory.environ, tmp_path, Path(sys.executable))
    read = source.read()
    loaded = source.accept(read)

    assert is_usable(read, loaded) is starts
    assert loaded.absent == absent


def test_what_an_address_is_refused_to_does_not_start(tmp_path: Path) -> None:
    """And does not keep what it has from the next profile; each file is told with all that is wrong in it."""
    directory = ProfileDirectory(tmp_path).write({"a.toml": AT.format(port=7001), "b.toml": "x = 1\ny = 2\n" + SLEEP})
    directory.write({"c.toml": AT.format(port=7001)})
    source = Source(("./",), directory.environ, tmp_path, Path(sys.executable))
    refused = Problem(tmp_path / "a.toml", None, Code.TAKEN, "it is taken")
    loaded = source.accept(source.read(), refused={refused.file: refused})

    assert [profile.name for profile in loaded.profiles] == ["c"]
    assert {each.name: len(each.problems) for each in loaded.rejected} == {"a": 1, "b": 2}


# Read again.


def test_a_wrong_profile_stays_what_it_was(tmp_path: Path) -> None:
    """The others go ahead: edited, new and gone."""
    directory = Directory(tmp_path)
    directory.save({"a.toml": SLEEP, "b.toml": SLEEP, "c.toml": SLEEP})
    (tmp_path / "c.toml").unlink()

    drawing = directory.save({"a.toml": "[target\n", "b.toml": SLEEP + "# edited\n", "d.toml": SLEEP})

    assert "a table's header is not closed" in drawing
    assert directory.running == {"a": SLEEP, "b": SLEEP + "# edited\n", "d": SLEEP}
    assert directory.save({"a.toml": SLEEP + "# mended\n"}) == ""
    assert directory.running["a"] == SLEEP + "# mended\n"


def test_the_edited_one_of_two_is_wrong(tmp_path: Path) -> None:
    """Although it stands before the other, whose name and address it takes."""
    directory = Directory(tmp_path)
    before: dict[str, str | bytes] = {"a.toml": AT.format(port=7001), "b.toml": AT.format(port=7002)}
    directory.save(before)

    drawing = directory.save({"a.toml": 'name = "b"\n' + AT.format(port=7002)})

    assert drawing.startswith("error: the name `b` is taken by b.toml\n --> a.toml:1:8\n")
    assert "error: the address `127.0.0.1:7002` is taken by b.toml:4\n --> a.toml:5:8\n" in drawing
    assert directory.running == {"a": before["a.toml"], "b": before["b.toml"]}


def test_what_a_wrong_profile_still_has_cannot_be_taken(tmp_path: Path) -> None:
    """It runs on at its address, whatever its file says by now; two that swap at once are both right."""
    directory = Directory(tmp_path)
    directory.save({"a.toml": AT.format(port=7001), "b.toml": AT.format(port=7002)})

    drawing = directory.save({"a.toml": "x", "b.toml": AT.format(port=7001)})

    assert "the address `127.0.0.1:7001` is taken by a.toml:4" in drawing
    assert directory.running == {"a": AT.format(port=7001), "b": AT.format(port=7002)}
    assert directory.save({"a.toml": AT.format(port=7002), "b.toml": AT.format(port=7001)}) == ""
    assert directory.running == {"a": AT.format(port=7002), "b": AT.format(port=7001)}


def test_taking_one_edit_back_may_take_back_another(tmp_path: Path) -> None:
    """`b` takes what `a` gives up; as `a` is wrong and gives up nothing, so is `b`, and then `c`."""
    directory = Directory(tmp_path)
    before = {name: AT.format(port=port) for name, port in (("a", 7001), ("b", 7002), ("c", 7003))}
    directory.save({f"{name}.toml": text for name, text in before.items()})

    drawing = directory.save(
        {
            "a.toml": 'after = ["nobody"]\n' + AT.format(port=7004),
            "b.toml": AT.format(port=7001),
            "c.toml": AT.format(port=7002),
        }
    )

    assert drawing.count("error: ") == 3
    assert directory.running == before


def test_the_edit_that_closes_a_circle_is_taken_back(tmp_path: Path) -> None:
    """Wherever it stands among the files."""
    directory = Directory(tmp_path)
    directory.save({"a.toml": SLEEP, "b.toml": 'after = ["a"]\n' + SLEEP})

    drawing = directory.save({"a.toml": 'after = ["b"]\n' + SLEEP})

    assert "--> a.toml:1:10" in drawing
    assert "a → b → a" in drawing
    assert directory.running["a"] == SLEEP


def test_a_name_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    """Who comes after it is told, runs on, and may be edited only so that it is right."""
    directory = Directory(tmp_path)
    text = 'after = ["a"]\n' + SLEEP
    directory.save({"a.toml": SLEEP, "b.toml": text})
    (tmp_path / "a.toml").unlink()

    assert "names `a`, and no profile is called so" in directory.save({})
    assert directory.running == {"b": text}
    assert directory.save({"b.toml": text + "# edited\n"})
    assert directory.save({"b.toml": SLEEP}) == ""


def test_files_that_are_gone_are_no_problem(tmp_path: Path) -> None:
    """Also the last one, and one that was named: they are missing, and may be held."""
    directory = Directory(tmp_path)
    directory.save({"a.toml": SLEEP})
    assert directory.loaded is not None
    (tmp_path / "a.toml").unlink()
    read, earlier = directory.source.read(), directory.loaded.accepted

    assert missing_files(read, earlier) == {tmp_path / "a.toml"}
    assert directory.source.load_again(earlier, read, held=[tmp_path / "a.toml"]).profiles == directory.loaded.profiles
    again = directory.source.load_again(earlier, read)
    assert (again.profiles, again.problems) == ((), ())


def test_what_is_refused_from_outside_is_taken_back(tmp_path: Path) -> None:
    """Such as an address that another program has."""
    directory = Directory(tmp_path)
    directory.save({"a.toml": SLEEP})
    assert directory.loaded is not None
    directory.write({"a.toml": AT.format(port=7001), "b.toml": SLEEP})
    refused = Problem(tmp_path / "a.toml", None, Code.TAKEN, "it is taken")

    again = directory.source.load_again(
        directory.loaded.accepted, directory.source.read(), refused={refused.file: refused}
    )

    assert [profile.name for profile in again.profiles] == ["a", "b"]
    assert again.profiles[0] == directory.loaded.profiles[0]
    assert again.problems == (refused,)


def test_a_file_is_missing_only_if_it_is_not_there(tmp_path: Path) -> None:
    """A link to nothing is not; a file that is wrong is, also if what it names is not there."""
    directory = Directory(tmp_path)
    directory.save({f"{name}.toml": SLEEP for name in ("gone", "dangling", "wrong", "right", "named")})
    assert directory.loaded is not None
    directory.source = replace(directory.source, arguments=("gone.toml", "dangling.toml", "wrong.toml", "right.toml"))
    for name in ("gone.toml", "dangling.toml"):
        (tmp_path / name).unlink()
    (tmp_path / "dangling.toml").symlink_to("nowhere.toml")
    directory.write({"wrong.toml": SLEEP + "directory = 'nowhere'\n", "right.toml": SLEEP + "args = ['2']\n"})

    missing = missing_files(directory.source.read(), directory.loaded.accepted)
    assert {file.name for file in missing} == {"gone.toml", "dangling.toml", "named.toml"}
