"""The commands that talk to a running daemon, and what they say when they cannot."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from tests.support.daemon import DEADLINE, RunningDaemon, all_gone, wait_until
from tests.support.screen import Screen
from tests.support.talking import APP, Home, masked, wait_at_rest, write_three_apps

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]

NO_DAEMON = "error: no daemon runs\n  = hint: start one with `reloadd --profile FILE`\n"
NAMES = "there are `crash`, `talker` and `web`"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A user with three profiles."""
    home = Home(tmp_path_factory.mktemp("home"))
    write_three_apps(home.directory)
    return home


@pytest.fixture(scope="module")
def daemon(home: Home) -> Iterator[RunningDaemon]:
    """Their daemon, shared by all that leave it as it is."""
    with home.daemon("--profile", "./") as daemon:
        wait_at_rest(daemon)
        yield daemon


def of(home: Home, name: str) -> Any:
    """The status of one app."""
    (status,) = home.reloadd("status", name, "--output", "json").json["daemons"]
    (profile,) = status["profiles"]
    return profile


def save(home: Home, daemon: RunningDaemon) -> dict[str, Any]:
    """Save the app, right but not as it was; the record of its restart."""
    before = len(daemon.all("restart.completed", profile="web", cause="change"))
    (home.directory / "web.py").write_text(f"{APP}# {before}\n")
    return daemon.wait_for_count("restart.completed", before + 1, profile="web", cause="change")[-1]


def save_broken(home: Home, daemon: RunningDaemon) -> None:
    """Save it with a syntax error, and wait until that is known."""
    before = len(daemon.all("restart.abandoned", profile="web"))
    (home.directory / "web.py").write_text("GREETING = (\n")
    daemon.wait_for_count("restart.abandoned", before + 1, profile="web")


def test_status_is_a_table_with_what_is_wrong_below_its_row(home: Home, daemon: RunningDaemon) -> None:
    """Who, in what state, since when, with what cost and at which address; only the app that fails has more lines."""
    said = home.reloadd("status")
    text = re.sub(r"\b\d+[smh]\b", "AGO", masked(said.out))
    text = re.sub(r"\b(\d+%|[\d.]+ (k|M)B)", "USED", text).replace(str(home.directory), "DIRECTORY")
    text = re.sub(r"\b\d{2,}\b", "PID", text)

    assert (said.status, said.err) == (0, "")
    assert text.splitlines() == [
        "daemon PID, up AGO, in DIRECTORY",
        "NAME  STATE  SINCE  GENERATION  PID  RESTARTS  LAST CAUSE  LAST EXIT  CPU  MEMORY  ADDRESS",
        "crash  held  AGO  #2  0  code 1",
        "  LookupError: no such thing (crash.py:2)",
        "  failed too often in a row; waits until a file changes",
        "talker  serving  AGO  #1  PID  0  start, cold, N ms  USED  USED",
        "web  serving  AGO  #1  PID  0  start, cold, N ms  USED  USED  ADDRESS",
    ]
    assert daemon.process.poll() is None


def test_status_for_programs_says_all_that_is_known(home: Home, daemon: RunningDaemon) -> None:
    """Each field has one meaning and is always there."""
    (status,) = home.reloadd("status", "--output", "json").json["daemons"]
    crash, _, web = status.pop("profiles")
    assert status.pop("rejected") == []
    page = (Path(__file__).parents[2] / "reloadd" / "control" / "README.md").read_text("utf-8")
    (example,) = re.findall(r"(?ms)^```json\n(\{\n.*?)^```$", page)
    shown = json.loads(example)
    usage = web.pop("usage")
    ready = daemon.wait_for("child.ready", profile="web")
    exited = daemon.wait_for_count("child.exited", 2, profile="crash")[-1]

    assert (list(status), list(crash)) == (list(shown["daemon"]), list(shown["profiles"][0]))
    assert list(usage) == list(shown["profiles"][0]["usage"])
    assert list(crash["last_exit"]) == list(shown["profiles"][0]["last_exit"])
    assert status["pid"] == daemon.process.pid
    assert status["directory"] == str(home.directory)
    assert status["history"] == {"path": str(home.state / "reloadd"), "error": None}
    assert {**web, "since": None} == {
        "name": "web",
        "file": str(home.directory / "web.toml"),
        "state": "serving",
        "wanted": True,
        "generation": 1,
        "pid": ready["pid"],
        "since": None,
        "restarts": 0,
        "cause": "start",
        "start": "cold",
        "took_ms": ready["took_ms"],
        "last_exit": None,
        "error": None,
        "note": None,
        "addresses": {"http": daemon.address("web")},
        "spares": web["spares"],
        "no_spares": None,
    }
    assert usage["processes"] == 1
    assert usage["memory_bytes"] > 1_000_000
    assert usage["cpu_s"] > 0
    assert crash["last_exit"] == {
        "exit": "code 1 (failure)",
        "exit_code": 1,
        "signal": None,
        "asked": False,
        "at": crash["last_exit"]["at"],
        "generation": exited["generation"],
    }
    assert (crash["state"], crash["wanted"], crash["pid"], crash["usage"]["processes"]) == ("held", True, None, 0)


def test_a_watched_status_follows_what_happens(home: Home, daemon: RunningDaemon) -> None:
    """On a terminal it is drawn anew, as wide as that is; for programs it is a line for each look; Ctrl-C ends it."""
    generation = of(home, "web")["generation"]
    words = (sys.executable, "-m", "reloadd", "status", "web", "--watch")
    with Screen(home.directory, command=words, environ={**home.environ, "TERM": "xterm"}) as screen:
        screen.wait_for("\x1b[32mserving\x1b[0m")
        screen.wait_for(f"#{generation} ")
        home.reloadd("restart", "web", "--wait")
        screen.wait_for(f"#{generation + 1} ")
        screen.resize(24, 40)
        screen.wait_for("…")
        screen.type("\x03")
        status = screen.wait_ended()
    with home.following("status", "web", "--watch", "--output", "json") as following:
        try:
            assert following.stdout is not None
            looks = [json.loads(following.stdout.readline()) for _ in range(2)]
            following.send_signal(signal.SIGINT)
            ended = following.wait(DEADLINE)
        finally:
            following.kill()

    assert (status, ended) == (0, 0)
    assert [look["daemons"][0]["profiles"][0]["name"] for look in looks] == ["web", "web"]
    assert daemon.process.poll() is None


def test_restart_waits_for_the_next_generation(home: Home, daemon: RunningDaemon) -> None:
    """With `--wait` the command returns once the new generation serves; without, at once."""
    before = of(home, "web")
    waited = home.reloadd("restart", "web", "--wait")
    after = of(home, "web")
    told = home.reloadd("restart", "we*", "--output", "json")
    daemon.wait_for("restart.completed", profile="web", generation=after["generation"] + 1)

    assert (waited.status, waited.out, waited.err) == (0, "web: restarted\n", "")
    assert (after["generation"], after["restarts"], after["cause"]) == (
        before["generation"] + 1,
        before["restarts"] + 1,
        "command",
    )
    assert told.status == 0
    assert told.json == {
        "profiles": [{"daemon": daemon.process.pid, "name": "web", "done": None, "reason": None}],
    }


def test_stop_lasts_until_start(home: Home, daemon: RunningDaemon) -> None:
    """What was stopped is down, whatever changes; what is started serves."""
    stopped = home.reloadd("stop", "talker", "--wait")
    down = of(home, "talker")
    (home.directory / "talker.py").touch()
    started = home.reloadd("start", "talker", "--wait")

    assert (stopped.status, stopped.out) == (0, "talker: stopped\n")
    assert (down["state"], down["wanted"], down["pid"]) == ("down", False, None)
    assert (started.status, started.out) == (0, "talker: started\n")
    assert daemon.get(profile="web") == "hello"


def test_what_does_not_come_about_is_told_with_its_reason(home: Home, daemon: RunningDaemon) -> None:
    """The exit status is 1, what can be done is done, and the reason is the app's own error."""
    said = home.reloadd("restart", "*", "--wait")

    assert (said.status, said.out) == (1, "talker: restarted\nweb: restarted\n")
    assert said.err == "error: `crash` was not restarted: LookupError: no such thing (crash.py:2)\n"
    assert daemon.get(profile="web") == "hello"


def test_a_broken_save_is_the_reason_while_the_old_generation_serves_on(home: Home, daemon: RunningDaemon) -> None:
    """`restart --wait` of what cannot start says which generation serves on."""
    save_broken(home, daemon)
    serving = of(home, "web")
    said = home.reloadd("restart", "web", "--wait")
    save(home, daemon)

    assert said.status == 1
    assert said.err == (
        "error: `web` was not restarted: SyntaxError: '(' was never closed (web.py:1); "
        f"generation {serving['generation']} serves on\n"
    )
    assert serving["error"] == "SyntaxError: '(' was never closed (web.py:1)"


def test_reload_is_refused_with_a_drawing(home: Home, daemon: RunningDaemon) -> None:
    """A wrong profile is drawn from where the command was given; nothing is done; the exit status is 2."""
    profile = home.directory / "talker.toml"
    right = profile.read_text()
    elsewhere = home.directory / "elsewhere"
    elsewhere.mkdir()
    profile.write_text(right.replace("script", "scirpt"))
    wrong = home.reloadd("reload", directory=elsewhere)
    machine = home.reloadd("reload", "--output", "json")
    profile.write_text(right)
    mended = home.reloadd("reload", "--wait")

    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.err.startswith("error: unknown key `scirpt` in `[target]`\n --> ../talker.toml:2:1\n")
    assert wrong.err.endswith("\n../talker.toml: 1 problem, what ran before runs on\n")
    assert machine.status == 2
    assert [(each["accepted"], each["problems"]) for each in machine.json["daemons"]] == [(False, 1)]
    assert (mended.status, mended.err) == (0, "")
    assert mended.out == f"daemon {daemon.process.pid}: profiles were read again\n"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["status", "wbe"], "no profile matches `wbe`", "did you mean `web`?"),
        (["restart", "x*"], "no profile matches `x*`", NAMES),
        (["stop", "web", "zzz"], "no profile matches `zzz`", NAMES),
        (["start"], "`start` needs the name of a profile", "write `reloadd start '*'` for all"),
        (["logs", "zzz"], "no profile matches `zzz`", NAMES),
        (["history", "zzz"], "no profile matches `zzz`", NAMES),
        (["stats", "tolker"], "no profile matches `tolker`", "did you mean `talker`?"),
        (
            ["restart", "web", "--timeout", "soon"],
            "`--timeout`: no number of seconds `soon`, expected 0 to 3600",
            "see `reloadd restart --help`",
        ),
        (
            ["logs", "--since", "noon"],
            "`--since`: no time `noon`, expected one such as `10m`, `2h`, `12:30` or `2026-11-22T12:30`",
            "see `reloadd logs --help`",
        ),
        (
            ["logs", "--records", "--printed"],
            "`--records` and `--printed` leave nothing",
            "write one of them, or none for both",
        ),
    ],
    ids=" ".join,
)
def test_a_wrong_word_is_told_and_changes_nothing(
    home: Home, daemon: RunningDaemon, words: list[str], message: str, hint: str
) -> None:
    """The exit status is 2, and no app is touched, also none of those whose names are right."""
    said = home.reloadd(*words)

    assert (said.status, said.out, said.err) == (2, "", f"error: {message}\n  = hint: {hint}\n")
    assert of(home, "web")["state"] == "serving"
    assert daemon.process.poll() is None


def test_logs_show_what_was_printed_and_what_was_said(home: Home, daemon: RunningDaemon) -> None:
    """In one order; either of them alone; for programs as the log's own JSON."""
    both = home.reloadd("logs", "crash", "-n", "3").masked
    printed = home.reloadd("logs", "crash", "--printed", "-n", "1").masked
    records = home.reloadd("logs", "crash", "--records", "-n", "1", "--output", "json")
    since = home.reloadd("logs", "crash", "--since", "2999-01-01")
    number = of(home, "crash")["generation"]
    exited = (
        f"TIME warning crash#{number}  child.exited  pid=PID  exit='code 1 (failure)'  asked=False  uptime_s=N  "
        "error='LookupError: no such thing'  file=crash.py  line=2"
    )

    assert both.splitlines() == [
        f"TIME crash#{number} | LookupError: no such thing",
        exited,
        "TIME error  crash  supervisor.held  attempts=2  why='failed too often in a row'  until='a file changes'",
    ]
    assert printed == f"TIME crash#{number} | LookupError: no such thing"
    (held,) = [json.loads(line) for line in records.out.splitlines()]
    assert held["event"] == "supervisor.held"
    assert (since.status, since.out) == (0, "")
    assert daemon.process.poll() is None


def test_logs_go_on_with_what_happens(home: Home, daemon: RunningDaemon) -> None:
    """Each line once: what is on disk, and then what is sent; Ctrl-C ends it well."""
    with home.following("logs", "talker", "--printed", "-f", "-n", "1") as following:
        try:
            assert following.stdout is not None
            first = following.stdout.readline()
            home.reloadd("restart", "talker", "--wait")
            second = following.stdout.readline()
            following.send_signal(signal.SIGINT)
            status = following.wait(DEADLINE)
            rest = following.stdout.read()
        finally:
            following.kill()
    generations = [int(found) for found in re.findall(r"talker#(\d+) \| up\n", first + second)]

    assert generations == [generations[0], generations[0] + 1]
    assert (status, rest) == (0, "")
    assert daemon.process.poll() is None


def test_logs_wait_for_the_next_daemon(tmp_path: Path) -> None:
    """As `tail -F` for a file: what it says from its first record on is shown; when nobody reads any more, it ends."""
    home = Home(tmp_path)
    write_three_apps(tmp_path)
    with home.following("logs", "-f") as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "note: waiting for a daemon\n"
        said = [follow_one_daemon(home, following.stdout) for _ in range(2)]
        following.stdout.close()
        status = following.wait(DEADLINE)

    assert status == 0
    for pid, lines in said:
        assert lines[0] == f"note: daemon `{pid}` has started"
        assert "daemon.started" in lines[1]
        assert [line for line in lines if line.endswith("talker#1 | up")]
        assert "daemon.stopped" in lines[-1]
        assert len([line for line in lines if "child.ready" in line]) == 1


def follow_one_daemon(home: Home, shown: IO[str]) -> tuple[int, list[str]]:
    """Start a daemon and end it; its number, and what was shown of it from its beginning to its end."""
    with home.daemon("--profile", "talker.toml") as daemon:
        daemon.wait_for("child.ready")
        wait_until(lambda: "up" in daemon.output, "the talker's first line")
        pid = daemon.process.pid
        lines = [shown.readline().rstrip()]
    end = f"note: daemon `{pid}` has ended: waiting for the next one"
    lines += iter(lambda: shown.readline().rstrip(), end)
    return pid, lines


def test_a_closed_pipe_is_no_error(home: Home, daemon: RunningDaemon) -> None:
    """`reloadd logs | head -1` ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        said = home.reloadd("logs", out=nobody)

    assert (said.status, said.err) == (0, "")
    assert daemon.process.poll() is None


def test_history_says_why_and_what_it_cost(home: Home, daemon: RunningDaemon) -> None:
    """One line for each restart; the same for programs, with all parts of the time."""
    save_broken(home, daemon)
    completed = save(home, daemon)
    shown = home.reloadd("history", "web", "-n", "1000").masked.splitlines()
    rows = home.reloadd("history", "web", "-n", "1", "--output", "json").json["restarts"]
    (changed,) = rows

    assert shown[0] == "WHEN  NAME  OUTCOME  CAUSE  START  TOOK  WHERE THE TIME WENT  EXIT  FILES OR ERROR"
    assert shown[1].startswith("WHEN  web#1  started  start")
    assert any(
        "abandoned  change" in line and line.endswith("web.py:1: SyntaxError: '(' was never closed") for line in shown
    )
    assert {key: changed[key] for key in ("generation", "paths", "start", "took_ms", "imported_ms", "ready_ms")} == {
        key: completed[key] for key in ("generation", "paths", "start", "took_ms", "imported_ms", "ready_ms")
    }
    assert (changed["file"], changed["changes"]) == (str(home.directory / "web.toml"), 1)


def test_stats_tell_median_and_spread(home: Home, daemon: RunningDaemon) -> None:
    """Of the saves that were served anew, by profile and by the kind of start."""
    save(home, daemon)
    rows = home.reloadd("history", "web", "-n", "1000", "--output", "json").json["restarts"]
    took = sorted(row["took_ms"] for row in rows if (row["outcome"], row["cause"]) == ("completed", "change"))
    answer = home.reloadd("stats", "web", "--output", "json").json
    shown = home.reloadd("stats", "web").masked.splitlines()

    assert answer["unit"] == "ms"
    assert sum(each["count"] for each in answer["stats"]) == len(took)
    assert {each["profile"] for each in answer["stats"]} == {"web"}
    assert min(each["least"] for each in answer["stats"]) == took[0]
    assert shown[0] == "NAME  START  RELOADS  MEDIAN  P95  LEAST  MOST  SPREAD"
    assert re.match(r"web  \w+  \d+  N ms  N ms  N ms  N ms  \d+ [▁▂▃▄▅▆▇█ ]+ N ms", shown[1])
    assert daemon.process.poll() is None


def test_two_daemons_are_both_asked(home: Home, daemon: RunningDaemon, tmp_path: Path) -> None:
    """Each verb finds all of the user's daemons, `--daemon` asks one, and the same name in both means both."""
    write_three_apps(tmp_path)
    with home.daemon("--profile", "talker.toml", directory=tmp_path) as other:
        other.wait_for("child.ready", profile="talker")
        history = home.reloadd("history", "talker").masked
        statuses = home.reloadd("status", "talker", "--output", "json").json["daemons"]
        one = home.reloadd("status", "--daemon", str(other.process.pid), "--output", "json").json["daemons"]
        none = home.reloadd("status", "--daemon", "1")
        both = home.reloadd("restart", "talker", "--wait", "--output", "json").json["profiles"]
        told = home.reloadd("restart", "talker", "--wait").out.splitlines()

    for directory in (home.directory, tmp_path):
        assert f"WHEN  talker#1 ({directory / 'talker.toml'})  started  start" in history
    assert {each["pid"] for each in statuses} == {daemon.process.pid, other.process.pid}
    assert [[profile["name"] for profile in each["profiles"]] for each in one] == [["talker"]]
    assert none.status == 3
    assert none.err.startswith("error: no daemon `1` runs\n  = hint: there are ")
    pids = (daemon.process.pid, other.process.pid)
    assert sorted(told) == sorted(f"talker of daemon {pid}: restarted" for pid in pids)
    assert {(each["daemon"], each["done"]) for each in both} == {(daemon.process.pid, True), (other.process.pid, True)}


def test_what_a_dead_daemon_left_is_cleared_away_and_a_silent_one_is_told(tmp_path: Path) -> None:
    """A socket goes with a daemon that was killed, at the next command, and stays with one that is only stopped."""
    home = Home(tmp_path)
    write_three_apps(tmp_path)
    nobody = home.reloadd("status")
    watched = home.reloadd("status", "--watch")
    with home.daemon("--profile", "talker.toml") as daemon:
        pid = daemon.wait_for("child.ready")["pid"]
        daemon.process.send_signal(signal.SIGSTOP)
        with home.daemon("--profile", "web.toml") as other:
            other.wait_for("child.ready")
            told = home.reloadd("stop", "web")
        silent = home.reloadd("stop", "talker")
        live = home.sockets
        daemon.process.send_signal(signal.SIGCONT)
        mode = live[0].stat().st_mode & 0o777, live[0].parent.stat().st_mode & 0o777
        daemon.process.kill()
        daemon.process.wait()
        left = home.sockets
        gone = home.reloadd("restart", "talker")
        wait_until(lambda: all_gone([pid]), "the guardian's work")

    assert nobody == watched
    assert (nobody.status, nobody.out, nobody.err) == (3, "", NO_DAEMON)
    assert (told.status, told.out, told.err) == (3, "web: told to stop\n", silent.err)
    assert silent.status == 3
    assert silent.err == (
        f"error: daemon `{daemon.process.pid}` does not answer: it did not answer within 5 s\n"
        f"  = hint: it has ended, or is stopped or stuck: see `ps {daemon.process.pid}`\n"
    )
    assert mode == (0o600, 0o700)
    assert (live, left) == ([home.runtime / "reloadd" / f"{daemon.process.pid}.sock"],) * 2
    assert (gone.status, gone.err) == (3, NO_DAEMON)
    assert home.sockets == []


def test_history_outlives_daemons(tmp_path: Path) -> None:
    """What was kept by one daemon is read without any, and added to by the next."""
    home = Home(tmp_path)
    write_three_apps(tmp_path)
    nothing = home.reloadd("history")
    unknown = home.reloadd("logs", "talker")
    for _ in range(2):
        with home.daemon("--profile", "talker.toml") as daemon:
            daemon.wait_for("child.ready")
            wait_until(lambda daemon=daemon: "up" in daemon.output, "the first line")  # type: ignore[misc]  # bound now
    rows = home.reloadd("history", "--output", "json").json["restarts"]
    lines = home.reloadd("logs", "--printed").masked.splitlines()

    assert (nothing.status, nothing.out, nothing.err) == (0, "", "no restart was kept yet\n")
    assert unknown.status == 2
    assert unknown.err == (
        f"error: nothing was kept of `talker`\n  = hint: nothing was kept at all in `{home.state / 'reloadd'}`\n"
    )
    assert [(row["profile"], row["outcome"], row["generation"]) for row in rows] == [("talker", "started", 1)] * 2
    assert lines == ["TIME talker#1 | up"] * 2


def test_a_disk_that_cannot_keep_is_nothing_to_the_apps(tmp_path: Path) -> None:
    """One record says so, the apps run on, `status` shows it, and what can be kept later is."""
    home = Home(tmp_path)
    write_three_apps(tmp_path)
    home.state.write_text("no directory")
    with home.daemon("--profile", "web.toml") as daemon:
        daemon.wait_for("child.ready")
        failed = daemon.wait_for("history.failed")
        home.reloadd("restart", "web", "--wait")
        status = home.reloadd("status")
        logs = home.reloadd("logs")
        home.state.unlink()
        home.reloadd("restart", "web", "--wait")
        daemon.wait_for("history.resumed")
        kept = home.reloadd("logs", "web", "--records")
        answer = daemon.get()
        failures = daemon.all("history.failed")

    path = home.state / "reloadd"
    assert {key: failed[key] for key in ("path", "error")} == {"path": str(path), "error": "not a directory"}
    assert f"history cannot be kept in {path}: not a directory" in status.out
    assert logs.status == 1
    assert logs.err.startswith(f"error: `{path}` cannot be read: not a directory\n")
    assert "restart.completed" in kept.out
    assert (answer, failures) == ("hello", [failed])


def test_without_a_place_for_its_socket_a_daemon_runs_all_the_same(tmp_path: Path) -> None:
    """A record says why no commands can be taken; the command says the same."""
    home = Home(tmp_path, XDG_RUNTIME_DIR=str(tmp_path / "missing"))
    write_three_apps(tmp_path)
    with home.daemon("--profile", "web.toml") as daemon:
        daemon.wait_for("child.ready")
        failed = daemon.wait_for("control.failed")
        said = home.reloadd("status")
        answer = daemon.get()

    assert failed["error"] == f"`{tmp_path / 'missing' / 'reloadd'}` cannot be made: no such file or directory"
    assert failed["hint"] == "set `XDG_RUNTIME_DIR` to a directory of your own"
    assert (answer, said.status, said.err) == ("hello", 3, NO_DAEMON)
