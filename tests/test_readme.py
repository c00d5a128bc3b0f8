"""README.md, held to what happens: each of its commands is run, its session is compared, its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, ask, clean_environ, write_files
from tests.support.screen import Screen
from tests.support.service import page_commands

if TYPE_CHECKING:
    from collections.abc import Iterable

# The checkout in which all of this happens takes a while to make.
pytestmark = [pytest.mark.xdist_group("readme")]

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [
    page for page in sorted(ROOT.rglob("*.md")) if not any(p.startswith(".") for p in page.relative_to(ROOT).parts)
]

SET_UP, TEST = re.findall(r"(?m)^python3 -m venv .*$", README)
SESSION = "reloadd --profile profiles/hello.toml"
SEVERAL = "reloadd --profile profiles/hello.toml --profile profiles/worker.toml"
STATUS = "reloadd status"
HISTORY = "reloadd history hello"
RESTART, RELOAD, LOGS, STATS = re.findall(r"(?m)^(reloadd (?:restart|reload|logs|stats)[^#\n]*?) +#.*$", README)
INIT, SCHEMA, COMPLETION, EXPLAIN, DOCTOR = re.findall(
    r"(?m)^(reloadd (?:init|schema|completion|explain|doctor)[^#\n]*?) +#.*$", README
)
CHECK = "reloadd check shop.toml"

WHERE = {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"}
PLACES = {name: value for name, value in clean_environ().items() if name in WHERE}
"""Where daemons of this run of the tests have their sockets and their history."""

INSTALLING = 240.0
"""Seconds in which packages are installed; a slow network is no fault of ours."""

SURROUNDINGS = re.compile(r"PATH|HOME|(PIP|UV|SSL_CERT)_\w+|\w+_(CA_BUNDLE|PROXY)", re.IGNORECASE)
"""What is kept of the environment: where programs are, and how packages are reached."""

MASKS = {
    r"\b\d\d:\d\d:\d\d\b": "TIME",
    r"\bpid=\d+": "pid=PID",
    r"(_ms|_s|_mb|modules)=[\d.]+": r"\1=N",
    r"127\.0\.0\.1:\d+": "ADDRESS",
    # What was prepared for a save that follows on the heels of another one.
    r"start=(warm  source=\w+|cold  why_cold=('[^']*'|\S+))": "start=START",
}
"""What differs from run to run."""


def blocks(language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", README)


def commands() -> list[str]:
    """All that the page tells its readers to type."""
    typed = [line.partition("  #")[0].rstrip() for block in blocks("sh") for line in block.splitlines()]
    return typed + [
        line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line[0:2] == "$ "
    ]


def shown_below(command: str) -> str:
    """What the page shows to be printed by a command."""
    (text,) = [block for block in blocks("console") if f"$ {command}\n" in block]
    return text.partition(f"$ {command}\n")[2].partition("$ ")[0]


def masked(text: str, checkout: Path) -> list[str]:
    """The lines of a log, without what differs from run to run."""
    text = text.replace("\r\n", "\n").replace(str(checkout), "/home/ada/reloadd")
    for pattern, mask in MASKS.items():
        text = re.sub(pattern, mask, text)
    return text.splitlines()


def environment(checkout: Path | None = None) -> dict[str, str]:
    """A newcomer's environment; with a checkout, one whose `.venv/bin` is on PATH."""
    kept = {name: value for name, value in os.environ.items() if SURROUNDINGS.fullmatch(name)}
    if checkout is not None:
        kept["PATH"] = f"{checkout / '.venv/bin'}:{kept['PATH']}"
    return {**kept, "TERM": "dumb", **PLACES}


def run(command: str, directory: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command line to its end, with nobody at the keyboard."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALLING,
        check=False,
    )


def copy_checkout(target: Path) -> Path:
    """What a commit of everything would hold; the example app takes a free port."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    edit(target / "profiles" / "hello.toml", "127.0.0.1:8000", "127.0.0.1:0")
    return target


def edit(file: Path, old: str, new: str) -> None:
    """Save a file with some words replaced."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody has who copied the project, ran the first command, edited the greeting and pressed Ctrl-C.

    Attributes:
        checkout: the directory.
        answers: what the app said before and after the edit.
        exit_status: of the command.
    """

    checkout: Path
    answers: tuple[str, str]
    exit_status: int


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """The first command, run as it stands on the page."""
    target = copy_checkout(tmp_path_factory.mktemp("clone"))
    hello = target / "profiles" / "hello" / "hello.py"
    with Screen(target, command=("bash", "-c", SET_UP), environ=environment()) as screen:
        screen.wait_for("address=", deadline=INSTALLING)
        address = screen.wait_for("\r\n")
        screen.wait_for("child.ready")
        before = ask(address)[1].rstrip()
        edit(hello, "Hello from", "Good day from")
        screen.wait_for("restart.completed")
        after = ask(address)[1].rstrip()
        screen.type("\x03")
        status = screen.wait_ended()
    edit(hello, "Good day from", "Hello from")
    return Newcomer(target, (before, after), status)


@pytest.fixture(scope="module")
def checkout(newcomer: Newcomer) -> Path:
    """A checkout with reloadd installed in its `.venv`."""
    return newcomer.checkout


@pytest.fixture
def shop(checkout: Path) -> Iterable[Path]:
    """The page's own profile, in the checkout, with the directories that it names."""
    (profile,) = blocks("toml")
    write_files(checkout, {"shop.toml": profile, "shop/main.py": "", "templates/cart.html": ""})
    yield checkout / "shop.toml"
    for name in ("shop", "templates"):
        shutil.rmtree(checkout / name)
    (checkout / "shop.toml").unlink()


def test_every_command_is_run_here() -> None:
    """A command that nobody has tried does not get onto the page. Those of the service are run on a real systemd."""
    asked = {STATUS, HISTORY, RESTART, RELOAD, LOGS, STATS}
    helping = {INIT, SCHEMA, COMPLETION, EXPLAIN, DOCTOR}
    assert set(commands()) == {SET_UP, TEST, SESSION, SEVERAL, CHECK, *asked, *helping, *page_commands()}


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_first_command_sets_up_and_serves_new_code(newcomer: Newcomer) -> None:
    """From a fresh clone to an app that answers, is edited, and answers anew."""
    assert newcomer.answers == ("Hello from reloadd: /", "Good day from reloadd: /")
    assert newcomer.exit_status == 0
    assert SET_UP.endswith(f".venv/bin/{SESSION}")


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_second_command_sets_up_and_tests(checkout: Path) -> None:
    """It installs all that the tests need; `.ci/run` runs it whole, so here one file of tests will do."""
    result = run(f"{TEST} tests/core/test_words.py", checkout, environment())

    assert result.returncode == 0, result.stdout
    assert re.search(r"\d+ passed", result.stdout.splitlines()[-1])


def test_ci_runs_the_second_command_as_the_page_has_it(tmp_path: Path) -> None:
    """`.ci/run` reads it from the page, so that another one there is another one that is run; it has the last line."""
    harmless = "python3 -m venv --without-pip .venv && echo this is not -m pytest -q"
    write_files(tmp_path, {"README.md": README.replace(TEST, harmless), ".ci/run": (ROOT / ".ci" / "run").read_text()})
    # It installs nothing here: there is no apt-get.
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname", "grep", "git", "python3"):
        (programs / name).symlink_to(sys.executable if name == "python3" else str(shutil.which(name)))
    result = run("bash .ci/run", tmp_path, {**environment(), "PATH": str(programs)})

    assert result.returncode == 0, result.stdout
    assert result.stdout.splitlines()[-2:] == [f"+ {harmless}", "this is not -m pytest -q"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_session_is_what_happens(checkout: Path) -> None:
    """Started, saved, saved with a mistake, mended, ended: every line is the one on the page, in its order."""
    hello = checkout / "profiles" / "hello" / "hello.py"
    said: list[str] = []
    with Screen(checkout, command=("bash", "-c", SESSION), environ=environment(checkout)) as screen:

        def read_line_of(event: str) -> None:
            said.extend([screen.wait_for(event), event, screen.wait_for("\n"), "\n"])

        read_line_of("child.ready")
        read_line_of("spare.parked")
        edit(hello, "Hello from", "Good day from")
        read_line_of("restart.completed")
        assert "start=warm  source=spare" in "".join(said)
        read_line_of("child.exited")
        edit(hello, 'GREETING = "Good day from', "GREETING = Hello from")
        read_line_of("restart.abandoned")
        edit(hello, "GREETING = Hello from", 'GREETING = "Hello from')
        read_line_of("restart.completed")
        read_line_of("child.exited")
        screen.type("\x03")
        assert screen.wait_ended() == 0
        said.append(screen.text)

    shown = [line for line in shown_below(SESSION).splitlines(keepends=True) if not line.startswith("# ")]
    assert masked("".join(said), checkout) == masked("".join(shown), checkout)


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_several_apps_and_profiles_read_again(checkout: Path) -> None:
    """Two apps run in one daemon; a saved profile restarts its own app, a wrong one none; `reload` reads all again."""
    worker = checkout / "profiles" / "worker.toml"
    with Screen(checkout, command=("bash", "-c", SEVERAL), environ=environment(checkout)) as screen:
        screen.wait_for("worker | resize picture 2")

        edit(worker, "stop-timeout = 10", "stop-timeout = 9")
        screen.wait_for("profile.reloaded")
        assert "child" not in screen.wait_for("changed=restart.stop-timeout")
        edit(worker, '"0.5"', '"0.4"')
        screen.wait_for("changed=target.args")
        assert "hello#2" not in screen.wait_for("cause=profile")

        edit(worker, "stop-timeout = 9", "stop-timeout = '9'")
        screen.wait_for("profile.rejected")
        assert run(RELOAD, checkout, environment(checkout)).returncode == 2
        screen.wait_for("profile.rejected")
        screen.wait_for("what ran before runs on")
        screen.wait_for("worker | resize picture")
        screen.type("\x03")
        assert screen.wait_ended() == 0
    edit(worker, "stop-timeout = '9'", "stop-timeout = 10")
    edit(worker, '"0.4"', '"0.5"')


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_what_is_asked_is_answered_as_it_is_written(checkout: Path, tmp_path: Path) -> None:
    """Status and history have the rows of the same session; every other command there does well."""
    hello = checkout / "profiles" / "hello" / "hello.py"
    places = {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    environ = {**environment(checkout), **places}
    python = (str(checkout / ".venv" / "bin" / "python"),)
    with RunningDaemon(checkout, *shlex.split(SESSION)[1:], environ=environ, python=python) as daemon:
        daemon.wait_for("child.ready")
        edit(hello, "Hello from", "Good day from")
        daemon.wait_for("restart.completed")
        # Else this one could be the last to exit.
        daemon.wait_for("child.exited", generation=1)
        edit(hello, 'GREETING = "Good day from', "GREETING = Hello from")
        daemon.wait_for("restart.abandoned")
        status, history = run(STATUS, checkout, environ), run(HISTORY, checkout, environ)
        edit(hello, "GREETING = Hello from", 'GREETING = "Hello from')
        daemon.wait_for("restart.completed", cause="change", generation=4)
        others = {each: run(each, checkout, environ).returncode for each in (RESTART, RELOAD, LOGS, STATS)}

    assert table_of(status.stdout) == table_of(shown_below(STATUS))
    assert table_of(history.stdout) == table_of(shown_below(HISTORY))
    assert set(others.values()) == {0}, others


def table_of(text: str) -> list[str]:
    """The lines of a table, without what differs from run to run: times, numbers of processes, the kind of start."""
    for pattern, mask in {
        r"daemon \d+, up \w+, in .*": "daemon",
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "WHEN",
        r"\b(cold|warm)( \([^)]*\))?": "START",
        r"\b((settled|stopped|spawned|imported|ready) \d+(, )?)+": "PARTS",
        r"\b\d+ ms": "TOOK",
        r"\b\d+[smhd]\b": "AGO",
        r"[\d.]+(%| [kMG]?B)": "USED",
        r"\b\d{2,}\b(?=  )": "PID",
        r"127\.0\.0\.1:\d+": "ADDRESS",
        r" {2,}": "  ",
    }.items():
        text = re.sub(pattern, mask, text)
    return text.splitlines()


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_profile_on_the_page_is_right_and_its_mistakes_are_drawn(checkout: Path, shop: Path) -> None:
    """The profile is read without a problem; with the two mistakes that the page makes, the drawing is the page's."""
    assert run(CHECK, checkout, environment(checkout)).returncode == 0

    edit(shop, "\ninclude", "\ninculde")
    edit(shop, "poll-interval = 0.5 ", 'poll-interval = "500ms" ')
    result = run(CHECK, checkout, environment(checkout))

    assert result.returncode == 2
    assert result.stdout == shown_below(CHECK)


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_commands_that_help_do_what_is_written(checkout: Path, shop: Path, tmp_path: Path) -> None:
    """A profile is written for a project and is right; a file of it is explained; the rest is printed."""
    places = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    environ = {**environment(checkout), **places}
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "config" / "reloadd").mkdir(parents=True)
    write_files(checkout, {"shop/main.py": "from flask import Flask\napp = Flask(__name__)\n"})
    written = run(INIT, checkout, environ)
    (tmp_path / "config" / "reloadd" / "shop.toml").symlink_to(shop)

    assert written.returncode == 0
    assert "wrote shop/reloadd.toml" in written.stdout
    assert run("reloadd check shop/reloadd.toml", checkout, environ).returncode == 0
    assert "  shop: watched, because `*.py` of `include` matches" in run(EXPLAIN, checkout, environ).stdout
    assert json.loads(run(SCHEMA, checkout, environ).stdout)["required"] == ["target"]
    assert "complete " in run(COMPLETION, checkout, environ).stdout
    assert run(DOCTOR, checkout, environ).stdout.endswith(" warnings\n")


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALLING)
def test_lines_of_the_log_are_what_is_written(checkout: Path) -> None:
    """The JSON on the page has the fields, in order and kind, of a real restart; the columns are the session's."""
    (line,) = blocks("json")
    shown = json.loads(line)
    python = str(checkout / ".venv" / "bin" / "python")
    arguments = shlex.split(SESSION)[1:]
    with RunningDaemon(checkout, *arguments, environ=environment(), python=(python,)) as daemon:
        # Without a prepared process the start is a cold one, and the page shows a warm one.
        daemon.wait_for("spare.parked")
        hello = checkout / "profiles" / "hello" / "hello.py"
        hello.write_text(hello.read_text() + "\n")
        written = daemon.wait_for("restart.completed")

    assert [(key, type(value)) for key, value in shown.items()] == [
        (key, type(value)) for key, value in written.items()
    ]
    (columns,) = blocks("text")
    assert columns in shown_below(SESSION)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each link within the project names a file that is there, and a heading that it has."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    """The names that the headings of a page have in links: lower case, hyphens for blanks, no other punctuation."""
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
