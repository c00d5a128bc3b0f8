"""`reloadd doctor`: what it says of a healthy machine, and of each thing that can be wrong."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from collections import Counter
from typing import TYPE_CHECKING

import jsonschema
import pytest

from reloadd.cli import main
from reloadd.doctor import limits
from reloadd.doctor.findings import Verdict, judge_descriptors, judge_python, judge_use, raised, worst
from reloadd.doctor.limits import check_limits
from reloadd.doctor.watching import check_watching
from reloadd.profile.words import counted
from reloadd.watch.mounts import file_system_at
from tests.support.daemon import RunningDaemon, write_files
from tests.support.environments import environment
from tests.support.interpreters import newest_interpreter
from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from pathlib import Path

APP = '[target]\napp = "web:app"\npython = "{python}"\n[listen]\nhttp = "127.0.0.1:0"\n'

FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["verdict", "checks"],
    "properties": {
        "verdict": {"enum": ["ok", "warn", "bad"]},
        "checks": {
            "type": "array",
            "minItems": 10,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["topic", "subject", "verdict", "found", "fix"],
                "properties": {
                    "topic": {"type": "string"},
                    "subject": {"type": "string"},
                    "verdict": {"enum": ["ok", "warn", "bad"]},
                    "found": {"type": "string", "minLength": 1},
                    "fix": {"type": ["string", "null"]},
                },
            },
        },
    },
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and directory; no daemon runs."""
    (tmp_path / "run").mkdir(mode=0o700)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return work


def examined(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, dict[str, str | None]]]:
    """The exit status, and each check by its subject."""
    status = main(["doctor", *words, "--output", "json"])
    answer = json.loads(capsys.readouterr().out)
    jsonschema.validate(answer, FORM)
    return status, {check["subject"]: check for check in answer["checks"]}


def test_a_healthy_machine_is_told_in_full(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Topic by topic, with the sum at the end; what differs from machine to machine is masked."""
    write_files(here, {"dev.toml": '[target]\ncommand = ["sleep", "1"]\n'})

    assert main(["doctor", "dev.toml"]) == 0

    said, wrong = capsys.readouterr()
    versions, limited, places, service, *rest = said.split("\n\n")
    assert wrong == ""
    assert re.match(
        rf"versions\n  ok    reloadd: [\w.]+, on Python [\w.+]+ \({re.escape(sys.executable)}\)\n", versions
    )
    assert {"pathspec", "python-dotenv", "shtab", "structlog", "tomli", "watchdog"} <= set(
        re.findall(r"(?m)^  ok    ([\w-]+): [\d.]+$", versions)
    )
    assert re.fullmatch(
        r"limits\n  \w+ +fs.inotify.max_user_watches: \d+ of \d+ used.*\n(        fix: .*\n)?"
        r"  \w+ +fs.inotify.max_user_instances: \d+ of \d+ used.*\n(        fix: .*\n)?"
        r"  \w+ +open files: \d+ for each process, at most -?\d+(\n        fix: .*)?",
        limited,
    )
    assert places == (
        "places\n"
        f"  ok    state: {here.parent}/.local/state/reloadd (not made yet)\n"
        f"  ok    sockets: {here.parent}/run/reloadd (not made yet)\n"
        "  ok    daemons: none runs"
    )
    assert service.startswith("service\n  ok    systemd: ")
    checks, warnings = len(re.findall("(?m)^  (?:ok|warn)  ", said)), counted(said.count("  warn  "), "warning")
    assert rest == [
        "profiles\n  ok    dev: dev.toml",
        "interpreters\n  ok    dev: runs `sleep`, no Python of the profile's",
        f"watching\n  ok    dev: {here}: events ({file_system_at(str(here))})",
        f"{checks} checks: 0 bad, {warnings}\n",
    ]


def test_no_profiles_are_no_fault(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are told how to get one."""
    del here
    status, checks = examined(capsys)

    assert status == 0
    (profiles,) = [check for check in checks.values() if check["topic"] == "profiles"]
    assert profiles["found"] == "none; `reloadd init` writes one for a project"


def test_a_wrong_profile_is_bad_and_drawn(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rest is looked at all the same."""
    write_files(here, {"bad.toml": "x", "good.toml": '[target]\ncommand = ["sleep", "1"]\n'})

    assert main(["doctor", "."]) == 1
    said, wrong = capsys.readouterr()
    assert "  bad   bad.toml: 1 problem\n        fix: reloadd check bad.toml\n" in said
    assert "  ok    good: runs `sleep`" in said
    assert re.search(r"\n\n\d+ checks: 1 bad, \d+ warnings?\n$", said)
    assert wrong.endswith("bad.toml: 1 problem, mend what is drawn\n")


@pytest.mark.slow
def test_interpreters_are_asked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which Python, in which environment, with which servers; what is missing comes with its command."""
    flask, fastapi = (environment(newest_interpreter(), *each) for each in (("flask",), ("fastapi",)))
    write_files(
        here,
        {
            "flask.toml": APP.format(python=flask),
            "fastapi.toml": APP.format(python=fastapi),
            "waitress.toml": APP.format(python=flask).replace("[listen]", 'server = "waitress"\n[listen]'),
            "true.toml": APP.format(python="/bin/true"),
        },
    )
    status, checks = examined(capsys, ".")
    version = newest_interpreter().full_version

    assert status == 1
    assert checks["flask"]["found"] == f"Python {version}, environment {flask.parents[1]}"
    assert checks["flask: server"]["found"] == "werkzeug (WSGI), wsgiref (WSGI): the first that fits the app is taken"
    assert checks["fastapi: server"]["found"] == "fastapi, starlette is there, and no server for ASGI"
    assert checks["fastapi: server"]["fix"] == f"{fastapi} -m pip install uvicorn"
    assert checks["waitress: server"]["fix"] == f"{flask} -m pip install waitress"
    assert (checks["true"]["verdict"], checks["true"]["found"]) == ("bad", "/bin/true: is no Python that works")


@pytest.mark.slow
def test_an_address_is_free_ours_or_taken(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who has it, and how to get it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        numbers = [each.getsockname()[1] for each in (taken, other)]
        other.close()
        profile = '[target]\ncommand = ["sleep", "600"]\n[listen]\nhttp = "{}"\n'
        ours = f"unix:{here}/ours.sock"
        addresses = {
            "taken": f"127.0.0.1:{numbers[0]}",
            "free": f"127.0.0.1:{numbers[1]}",
            "ours": ours,
            "any": "[::1]:0",
        }
        write_files(here, {f"{name}.toml": profile.format(address) for name, address in addresses.items()})
        with RunningDaemon(here, "--profile", "ours.toml", "-v", environ=dict(os.environ)) as daemon:
            daemon.wait_for("control.opened")
            daemon.wait_for("socket.bound")
            status, checks = examined(capsys, ".")

            assert status == 1
            assert checks[f"ours: http {ours}"]["found"] == f"daemon {daemon.process.pid} listens there"
    assert checks[f"free: http {addresses['free']}"]["found"] == "free"
    assert checks["any: http [::1]:0"]["found"] == "any port that is free"
    bad = checks[f"taken: http {addresses['taken']}"]
    assert str(bad["found"]).startswith(f"taken by process {os.getpid()} (`")
    assert bad["fix"] == f"kill {os.getpid()}, or write another address in [listen]"


def test_places_that_cannot_be_used_are_bad(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to set instead."""
    write_files(here, {"file": ""})
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "file"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(here / "file"))

    status, checks = examined(capsys)
    assert status == 1
    assert checks["state"]["found"] == f"{here}/file is no directory"
    assert checks["state"]["fix"] == "set XDG_STATE_HOME to another one"
    assert checks["sockets"]["verdict"] == "bad"


@pytest.mark.slow
def test_the_profiles_that_run_are_looked_at(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the daemon is, which holds what it watches."""
    write_files(here, {"dev.toml": '[target]\ncommand = ["sleep", "600"]\n'})
    with RunningDaemon(here, "--profile", "dev.toml", "-v", environ=dict(os.environ)) as daemon:
        daemon.wait_for("child.ready")
        daemon.wait_for("control.opened")
        status, checks = examined(capsys)

        assert status == 0
        assert checks[f"daemon {daemon.process.pid}"]["found"] == "answers, and runs dev"
        assert checks[f"dev: {here}"]["topic"] == "watching"
        watches, instances = limits._use()
        (name,) = [name for name in instances if name.endswith(f"[{daemon.process.pid}]")]
        assert watches[name] >= 1


@pytest.mark.parametrize(
    ("used", "verdict"), [(0, Verdict.OK), (79, Verdict.OK), (80, Verdict.WARN), (99, Verdict.WARN), (100, Verdict.BAD)]
)
def test_a_limit_is_judged_by_what_is_left(used: int, verdict: Verdict) -> None:
    """Before it is reached."""
    assert judge_use(used, 100) is verdict


def test_other_judgements() -> None:
    """Few descriptors are a warning with a command, an old Python is bad, the worst of all counts."""
    assert judge_descriptors(1024, 4096) == (Verdict.OK, None)
    assert judge_descriptors(256, 4096) == (Verdict.WARN, "ulimit -n 4096")
    assert judge_descriptors(256, 512) == (Verdict.WARN, "ulimit -n 512")
    assert (judge_python((3, 7, 9)), judge_python((3, 8, 0))) == (Verdict.BAD, Verdict.OK)
    assert (raised(8192), raised(524288)) == (524288, 1048576)
    assert worst(()) is Verdict.OK
    assert Counter(check.topic for check in check_limits()) == {"limits": 3}


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("auto", "events (KIND)"),
        ("events", "events (KIND)"),
        ("poll", "polled every 0.5 s, as the profile says (KIND)"),
    ],
)
def test_each_root_says_how_it_is_watched(tmp_path: Path, backend: str, found: str) -> None:
    """And by which file system that was decided."""
    profile = ProfileDirectory(tmp_path).profile(f'[target]\ncommand = ["sleep"]\n[watch]\nbackend = "{backend}"\n')

    (check,) = check_watching(profile)
    assert (check.found, check.verdict) == (found.replace("KIND", file_system_at(str(tmp_path))), Verdict.OK)
