"""Unit files made from those that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from reloadd.service.installation import KEPT, Fate, Installation, NotOursError, Wanted
from reloadd.service.rendering import MARK, quoted, render, with_path, without_path

ROOT = Path(__file__).parents[2]
COMMAND = ("/home/ada/my 100%/python", "-P", "-m", "reloadd")
PLAIN = Wanted(hardened=False, listen=(), version=252)


def kept(name: str) -> str:
    """A unit file as it is kept."""
    return (KEPT / name).read_text("utf-8")


def rendered(name: str, version: int = 257) -> list[str]:
    """Its lines, rendered."""
    listen = ("127.0.0.1:8000", "/run/100%/web.sock")
    return render(kept(name), unit=name, command=COMMAND, version=version, listen=listen).splitlines()


def test_the_package_has_the_files_of_the_top_level() -> None:
    """There is one of each, wherever it is looked for."""
    assert {path.name for path in KEPT.iterdir()} == {path.name for path in (ROOT / "systemd").iterdir()}


def test_the_command_is_that_of_the_installation() -> None:
    """Quoted, so that nothing in its path has a meaning; what stands behind it stays."""
    command = '"/home/ada/my 100%%/python" "-P" "-m" "reloadd"'

    assert f"ExecStart={command}" in rendered("reloadd.service")
    assert f"ExecStart={command} --profile %i" in rendered("reloadd@.service")
    assert f"ExecReload={command} reload --daemon $MAINPID" in rendered("reloadd@.service")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("a b", '"a b"'), ("50%", '"50%%"'), ('"', '"\\""'), ("\\", '"\\\\"'), ("$HOME", '"$HOME"')],
)
def test_what_has_a_meaning_is_quoted(word: str, expected: str) -> None:
    """As systemd.syntax(7) has it; a `$` has none in the first word."""
    assert quoted(word) == expected


def test_what_a_unit_refers_to_is_there() -> None:
    """No page beside the installed unit is named, where there is none."""
    for name in ("reloadd.service", "reloadd@.service"):
        comment = next(line for line in rendered(name) if "README" in line)
        assert "systemd/README.md" in comment
    assert (ROOT / "systemd" / "README.md").is_file()


def test_settings_that_a_version_does_not_know_are_left_out() -> None:
    """Each would be a warning in the journal, at each start."""
    newer = {"RestartSteps=6", "RestartMaxDelaySec=30", "DelegateSubgroup=supervisor"}

    assert newer <= set(rendered("reloadd.service", 254))
    assert not newer & set(rendered("reloadd.service", 253))
    assert not newer & set(rendered("reloadd.service", 0))


def test_a_socket_unit_listens_where_the_profiles_do() -> None:
    """In place of the address that the file is kept with."""
    lines = [line for line in rendered("reloadd.socket") if line.startswith("ListenStream=")]

    assert lines == ["ListenStream=127.0.0.1:8000", "ListenStream=/run/100%%/web.sock"]


def test_both_services_are_the_same_but_for_what_they_run() -> None:
    """What is right for all profiles is right for one."""
    both = [kept(name).splitlines() for name in ("reloadd.service", "reloadd@.service")]
    differing = [all_profiles.partition("=")[0] for all_profiles, one in zip(*both, strict=True) if all_profiles != one]

    assert differing[1:] == ["Description", "ExecStart"]


def test_only_path_is_ours_in_the_environment_file() -> None:
    """What else the user put there stays."""
    text = with_path("PORT=1\nPATH=/old\n", '/a "b":/$c')

    assert text == 'PATH="/a \\"b\\":/\\$c"\nPORT=1\n'
    assert with_path(text, '/a "b":/$c') == text
    assert without_path(text) == "PORT=1\n"


def test_files_are_written_once_and_removed_again(tmp_path: Path) -> None:
    """And what was written for another wish goes."""
    installation = Installation(tmp_path)
    environ = {"PATH": "/usr/bin"}
    first = installation.install(Wanted(hardened=True, listen=("127.0.0.1:8000",), version=252), environ)
    second = installation.install(PLAIN, environ)

    assert {each.fate for each in first} == {Fate.WRITTEN}
    assert {each.path.name for each in second if each.fate is Fate.REMOVED} == {"reloadd.socket", "hardened.conf"}
    assert installation.outdated(252) == ()
    assert [path.name for path in installation.outdated(257)] == ["reloadd.service", "reloadd@.service"]
    installation.uninstall()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_of_the_users_own_is_not_overwritten(tmp_path: Path) -> None:
    """Nor is anything else written then."""
    own = tmp_path / "systemd" / "user" / "reloadd.service"
    own.parent.mkdir(parents=True)
    own.write_text("[Service]\nExecStart=/bin/true\n")

    with pytest.raises(NotOursError, match=r"reloadd\.service` was not written"):
        Installation(tmp_path).install(PLAIN, {})
    assert list(tmp_path.rglob("*.env")) == []
    assert Installation(tmp_path).uninstall() == ()
    assert own.exists()
    assert not own.read_text().startswith(MARK)
