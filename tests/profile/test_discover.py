"""Which files the words after `--profile` mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.profile.discover import configuration_directory, discover
from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from pathlib import Path

SLEEP = '[target]\ncommand = ["sleep", "1"]\n'
OWN = "home/.config/reloadd"


def found(directory: ProfileDirectory, *arguments: str) -> list[str]:
    """The files, as seen from the test's directory."""
    discovered = discover(arguments, environ=directory.environ, directory=directory.path)
    assert not discovered.problems
    return [str(file.relative_to(directory.path)) for file in discovered.files]


def test_a_file_a_directory_and_a_name_mean_profiles(tmp_path: Path) -> None:
    """Each argument gives its files, a directory all of its own in order, and no file comes twice."""
    directory = ProfileDirectory(tmp_path).write(
        {
            "dev.toml": "",
            "profiles/b.toml": "",
            "profiles/a.toml": "",
            "profiles/.#a.toml": "",
            "profiles/notes.txt": "",
            f"{OWN}/shop.toml": "",
        }
    )

    assert found(directory, "shop", "dev.toml", "profiles/", "./dev.toml") == [
        f"{OWN}/shop.toml",
        "dev.toml",
        "profiles/a.toml",
        "profiles/b.toml",
    ]


def test_a_bare_name_never_means_a_file_in_the_current_directory(tmp_path: Path) -> None:
    """Only `.toml` or a slash makes an argument a path; so a name means the same wherever one is."""
    directory = ProfileDirectory(tmp_path).write({"shop": "", "shop.toml": "", f"{OWN}/shop.toml": ""})

    assert found(directory, "shop") == [f"{OWN}/shop.toml"]
    assert found(directory, "shop.toml") == ["shop.toml"]
    assert found(directory, "./shop") == ["shop"]


def test_the_current_directory_is_no_name(tmp_path: Path) -> None:
    """`.` is a directory like any other."""
    directory = ProfileDirectory(tmp_path).write({"dev.toml": ""})

    assert found(directory, ".") == ["dev.toml"]


def test_without_arguments_all_of_the_users_own_profiles_are_meant(tmp_path: Path) -> None:
    """Every profile of the configuration directory, in the order of their names."""
    directory = ProfileDirectory(tmp_path).write({f"{OWN}/b.toml": "", f"{OWN}/a.toml": ""})

    assert found(directory) == [f"{OWN}/a.toml", f"{OWN}/b.toml"]


def test_the_configuration_directory_follows_the_specification(tmp_path: Path) -> None:
    """XDG_CONFIG_HOME counts if it is absolute, else it is `~/.config`."""
    home = {"HOME": str(tmp_path)}

    assert configuration_directory(home) == tmp_path / ".config" / "reloadd"
    assert configuration_directory({**home, "XDG_CONFIG_HOME": "/etc/x"}).as_posix() == "/etc/x/reloadd"
    assert configuration_directory({**home, "XDG_CONFIG_HOME": "x"}) == tmp_path / ".config" / "reloadd"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The message offers what is there instead."""
    directory = ProfileDirectory(tmp_path).write({"dev.toml": SLEEP})

    assert directory.drawn("dve.toml", "./x/dev.toml", "other.toml") == (
        "error: there is no file `dve.toml`\n"
        " --> dve.toml\n"
        "  = hint: did you mean `dev.toml`?\n"
        "\n"
        "error: there is no file `./x/dev.toml`\n"
        " --> x/dev.toml\n"
        "  = hint: there is no directory `/home/me/shop/x` either\n"
        "\n"
        "error: there is no file `other.toml`\n"
        " --> other.toml\n"
        "  = hint: a path is relative to the current directory\n"
        "\n"
        "dve.toml, x/dev.toml, other.toml: 3 problems, nothing was started"
    )


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    """The message offers a name that is there, or the file or directory that may have been meant."""
    directory = ProfileDirectory(tmp_path).write(
        {f"{OWN}/shop.toml": SLEEP, "dev.toml": SLEEP, "profiles/": "", "Procfile": ""}
    )

    hints = [problem.hint for problem in directory.load("shp", "dev", "profiles", "Procfile", "zzz").problems]

    assert hints == [
        "did you mean `shop`?",
        "write `dev.toml` for the file in this directory",
        "write `profiles/` for the directory",
        "write `./Procfile` for the file in this directory",
        "a bare name is a profile in `home/.config/reloadd`; a file is written with `.toml` or a slash",
    ]
    assert directory.drawn("shp") == (
        "error: there is no profile `shp`\n"
        " --> home/.config/reloadd/shp.toml\n"
        "  = hint: did you mean `shop`?\n"
        "\n"
        "home/.config/reloadd/shp.toml: 1 problem, nothing was started"
    )


def test_a_directory_without_profiles(tmp_path: Path) -> None:
    """An empty directory is a problem: nothing would run, and nothing would say so."""
    directory = ProfileDirectory(tmp_path).write({"profiles/notes.txt": ""})

    assert directory.drawn("profiles/") == (
        "error: there are no profiles in `profiles`\n"
        " --> profiles\n"
        "  = hint: a profile is a file that ends in `.toml`\n"
        "\n"
        "profiles: 1 problem, nothing was started"
    )
    assert directory.drawn() == (
        "error: there are no profiles in `home/.config/reloadd`\n"
        " --> home/.config/reloadd\n"
        "  = hint: name a profile with `--profile FILE`, or put one there\n"
        "\n"
        "home/.config/reloadd: 1 problem, nothing was started"
    )
