"""Several profiles at once, files that cannot be read, and problems that show themselves later."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reloadd.profile.load import problem_at
from reloadd.profile.problems import Code, draw
from tests.support.profiles import ProfileDirectory

SLEEP = '[target]\ncommand = ["sleep", "1"]\n'
LISTEN = SLEEP + "\n[listen]\n"


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Each file's problems stand together, from its top to its end; the right profiles are still there."""
    directory = ProfileDirectory(tmp_path).write(
        {
            "a.toml": '[watch]\nroots = ["none"]\nsettle = -1\n\n[target]\ncmd = 3\n',
            "b.toml": "x\n",
            "c.toml": SLEEP,
        }
    )

    loaded = directory.load("./")

    assert [(problem.file.name, problem.place and problem.place.line) for problem in loaded.problems] == [
        ("a.toml", 2),
        ("a.toml", 3),
        ("a.toml", 6),
        ("b.toml", 1),
    ]
    assert [profile.name for profile in loaded.profiles] == ["c"]


def test_problems_of_one_line_stand_in_the_lines_order(tmp_path: Path) -> None:
    """Within a line the column decides, whatever found the problem."""
    text = "[target]\nmodule = 'm'\nenv = { A = 1, 'B=' = '' }\nargs = [1]\n"
    problems = ProfileDirectory(tmp_path).write({"dev.toml": text}).load("dev.toml").problems

    places = [(problem.place.line, problem.place.column) for problem in problems if problem.place]

    assert places == sorted(places)
    assert len(places) == 3


def test_two_profiles_with_one_name(tmp_path: Path) -> None:
    """The later one is wrong, and is told where the name is taken."""
    directory = ProfileDirectory(tmp_path).write(
        {
            "a/dev.toml": SLEEP,
            "b/dev.toml": SLEEP,
            "c.toml": 'name = "api"\n' + SLEEP,
            "d.toml": 'name = "api"\n' + SLEEP,
        }
    )

    assert directory.drawn("a/", "b/", "c.toml", "d.toml") == (
        "error: the name `dev` is taken by a/dev.toml\n"
        " --> b/dev.toml\n"
        "  = hint: give one of the two another `name`\n"
        "\n"
        "error: the name `api` is taken by c.toml:1\n"
        " --> d.toml:1:8\n"
        "  |\n"
        '1 | name = "api"\n'
        "  |        ^^^^^ expected a name of its own\n"
        "  = hint: give one of the two another `name`\n"
        "\n"
        "b/dev.toml, d.toml: 2 problems, nothing was started"
    )


def test_two_profiles_with_one_address(tmp_path: Path) -> None:
    """The later one is wrong, and is told where the address is taken; any free port is taken by nobody."""
    directory = ProfileDirectory(tmp_path).write(
        {
            "a.toml": LISTEN + 'http = "127.0.0.1:8000"\nadmin = "unix:a.sock"\nany = "[::1]:0"\n',
            "b.toml": LISTEN + 'rpc = "127.0.0.1:8000"\nadmin = "unix:./a.sock"\nany = "[::1]:0"\n',
        }
    )

    assert directory.drawn("./") == (
        "error: the address `127.0.0.1:8000` is taken by a.toml:5\n"
        " --> b.toml:5:7\n"
        "  |\n"
        '5 | rpc = "127.0.0.1:8000"\n'
        "  |       ^^^^^^^^^^^^^^^^ expected an address of its own\n"
        "  = hint: give one of the two another port, or port 0 for any that is free\n"
        "\n"
        "error: the address `unix:/home/me/shop/a.sock` is taken by a.toml:6\n"
        " --> b.toml:6:9\n"
        "  |\n"
        '6 | admin = "unix:./a.sock"\n'
        "  |         ^^^^^^^^^^^^^^^ expected an address of its own\n"
        "  = hint: give one of the two another port, or port 0 for any that is free\n"
        "\n"
        "b.toml: 2 problems, nothing was started"
    )


def test_a_file_name_that_gives_no_name(tmp_path: Path) -> None:
    """The name is the file's stem, which must then be one; a `name` in the file makes up for it."""
    directory = ProfileDirectory(tmp_path).write({"my app.toml": SLEEP})

    assert directory.drawn("my app.toml") == (
        "error: `my app` is no profile's name\n"
        " --> my app.toml\n"
        '  = hint: write `name = "my-app"`\n'
        "\n"
        "my app.toml: 1 problem, nothing was started"
    )
    assert directory.profile('name = "my-app"\n' + SLEEP, "my app.toml").name == "my-app"


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "the profile is empty", 'begin with `[target]` and `app = "module:attribute"`'),
        (b"# nothing\n\n", "the profile is empty", 'begin with `[target]` and `app = "module:attribute"`'),
        ("name = 1".encode("utf-16"), "the file is UTF-16, a profile is UTF-8", "save it as UTF-8"),
    ],
)
def test_a_file_without_a_profile_in_it(content: bytes, message: str, hint: str, tmp_path: Path) -> None:
    """What is wrong with the whole file has no line."""
    drawing = ProfileDirectory(tmp_path).write({"dev.toml": content}).drawn("dev.toml")

    assert drawing == (f"error: {message}\n --> dev.toml\n  = hint: {hint}\n\ndev.toml: 1 problem, nothing was started")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """The byte is named, and found by line and by column in characters."""
    content = "# ü\n# öä ".encode() + b"\xe9t\xe9\r\n"

    assert ProfileDirectory(tmp_path).write({"dev.toml": content}).drawn("dev.toml") == (
        "error: the file is not UTF-8\n"
        " --> dev.toml:2:6\n"
        "  |\n"
        "2 | # öä \ufffdt\ufffd\n"
        "  |      ^ found the byte E9\n"
        "  = hint: save it as UTF-8\n"
        "\n"
        "dev.toml: 1 problem, nothing was started"
    )


def test_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    """TOML has none, and what an editor does not show must be named."""
    content = b"\xef\xbb\xbfname = 'a'\r\n"

    assert ProfileDirectory(tmp_path).write({"dev.toml": content}).drawn("dev.toml") == (
        "error: the file begins with a byte order mark\n"
        " --> dev.toml:1:1\n"
        "  |\n"
        "1 | name = 'a'\n"
        "  | ^ found the bytes EF BB BF before this\n"
        "  = hint: save it as UTF-8 without BOM\n"
        "\n"
        "dev.toml: 1 problem, nothing was started"
    )


def test_windows_line_ends_move_no_place(tmp_path: Path) -> None:
    """A profile with CR LF is read like any other, and its problems are where they are seen."""
    text = SLEEP.replace("\n", "\r\n") + "\r\n[watch]\r\nsettle = -1\r\n"

    problems = ProfileDirectory(tmp_path).write({"dev.toml": text}).load("dev.toml").problems

    assert [
        (problem.place.line, problem.place.column, problem.place.source) for problem in problems if problem.place
    ] == [(5, 10, "settle = -1")]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A directory, a pipe, a socket and a dangling link in the place of a profile are named; none is waited for."""
    directory = ProfileDirectory(tmp_path).write({"all/a.toml/": ""})
    os.mkfifo(tmp_path / "all" / "b.toml")
    (tmp_path / "all" / "c.toml").symlink_to("gone")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "all" / "d.toml"))

        drawing = directory.drawn("all/")

    assert drawing == (
        "error: `a.toml` is a directory\n"
        " --> all/a.toml\n"
        "  = hint: a profile is a TOML file\n"
        "\n"
        "error: `b.toml` is no regular file\n"
        " --> all/b.toml\n"
        "  = hint: a profile is a TOML file\n"
        "\n"
        "error: `c.toml` is a link to nothing\n"
        " --> all/c.toml\n"
        "  = hint: name a profile that is there\n"
        "\n"
        "error: `d.toml` is no regular file\n"
        " --> all/d.toml\n"
        "  = hint: a profile is a TOML file\n"
        "\n"
        "4 files: 4 problems, nothing was started"
    )


@pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs a file that even root cannot read from its start"
)
def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """The kernel's reason is told."""
    directory = ProfileDirectory(tmp_path)
    (tmp_path / "dev.toml").symlink_to("/proc/self/mem")

    assert directory.drawn("dev.toml") == (
        "error: `dev.toml` cannot be read: input/output error\n"
        " --> dev.toml\n"
        "  = hint: make it readable, or name another\n"
        "\n"
        "dev.toml: 1 problem, nothing was started"
    )


def test_a_problem_of_later_is_drawn_at_its_key(tmp_path: Path) -> None:
    """What the daemon finds when it starts is shown in the profile too; without the file it is told without a place."""
    directory = ProfileDirectory(tmp_path).write({"dev.toml": LISTEN + 'http = "127.0.0.1:80"\n'})
    file = tmp_path / "dev.toml"

    def drawn() -> str:
        problem = problem_at(
            file, ("listen", "http"), message="127.0.0.1:80 is taken", label="by pid 7", hint="use another port"
        )
        return draw([problem], directory=directory.path)

    assert drawn() == (
        "error: 127.0.0.1:80 is taken\n"
        " --> dev.toml:5:8\n"
        "  |\n"
        '5 | http = "127.0.0.1:80"\n'
        "  |        ^^^^^^^^^^^^^^ by pid 7\n"
        "  = hint: use another port\n"
        "\n"
        "dev.toml: 1 problem, nothing was started"
    )
    file.unlink()
    assert drawn() == (
        "error: 127.0.0.1:80 is taken\n"
        " --> dev.toml\n"
        "  = hint: use another port\n"
        "\n"
        "dev.toml: 1 problem, nothing was started"
    )


LONG = "x" * 300


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (f'[target]\nscript = "{LONG}"\n', LONG),
        (f'[target]\nmodule = "m"\npython = "./{LONG}"\n', LONG),
        (f'[target]\nmodule = "m"\ndirectory = "{LONG}"\n', LONG),
        (f'[target]\nmodule = "m"\nenv-file = "{LONG}"\n', LONG),
        (f'[target]\ncommand = ["./{LONG}"]\n', LONG),
        (SLEEP + f'[watch]\nroots = ["{LONG}"]\n', LONG),
        (LISTEN + f'http = "unix:{LONG}/a.sock"\n', LONG),
    ],
)
def test_a_path_that_the_kernel_refuses_is_a_problem_and_no_crash(text: str, label: str, tmp_path: Path) -> None:
    """A name that is too long stands for every path that cannot be looked at."""
    (problem,) = ProfileDirectory(tmp_path).write({"dev.toml": text}).load("dev.toml").problems

    assert problem.code is Code.UNREADABLE
    assert problem.label == f"{tmp_path}/{label}: file name too long"


def test_an_argument_that_the_kernel_refuses_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    """The reason is told by whoever reads the file."""
    problems = ProfileDirectory(tmp_path).load(f"{LONG}.toml", LONG).problems

    assert [problem.message for problem in problems] == [
        f"there is no profile `{LONG}`",
        f"`{LONG}.toml` cannot be read: file name too long",
    ]
