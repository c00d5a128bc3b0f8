"""Targets that bring a reloader of their own."""

from __future__ import annotations

import pytest

from reloadd.core.doubled import find_own_reloader

DROP_RELOAD = "drop `--reload` from its arguments"
HINTS = {
    "flask": "add `--no-reload` to its arguments",
    "django": "add `--noreload` to its arguments",
    "fastapi": "add `--no-reload` to its arguments, or use `fastapi run`",
    "node": "drop `--watch` from its arguments",
    "nodemon": "start the program with `node` instead",
    **dict.fromkeys(("uvicorn", "gunicorn", "hypercorn"), DROP_RELOAD),
}


@pytest.mark.parametrize(
    ("argv", "reloader", "exits_by_itself"),
    [
        (["flask", "run", "--debug"], "flask", True),
        (["flask", "--app", "shop", "run", "--reload"], "flask", True),
        ([".venv/bin/flask", "--debug", "run", "--debug"], "flask", True),
        (["python", "-m", "flask", "run", "--debug"], "flask", True),
        (["uvicorn", "shop:app", "--reload"], "uvicorn", False),
        (["/usr/bin/python3.11", "-m", "uvicorn", "shop:app", "--reload"], "uvicorn", False),
        (["gunicorn", "--reload", "shop:app"], "gunicorn", False),
        (["hypercorn", "--reload", "shop:app"], "hypercorn", False),
        (["manage.py", "runserver"], "django", False),
        (["python", "manage.py", "runserver", "0:8000"], "django", False),
        (["fastapi", "dev", "main.py"], "fastapi", False),
        (["node", "--watch", "server.js"], "node", False),
        (["nodemon", "server.js"], "nodemon", False),
    ],
)
def test_command_line_shows_the_reloader(argv: list[str], reloader: str, *, exits_by_itself: bool) -> None:
    """Each framework's own words for it are known, with what to drop."""
    found = find_own_reloader(argv)

    assert found is not None
    assert (reloader, exits_by_itself) == (found.reloader, found.exits_by_itself)
    assert found.hint == HINTS[reloader]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["python"],
        ["flask", "run"],
        ["flask", "run", "--debug", "--no-reload"],
        ["flask", "db", "upgrade", "--debug"],
        ["manage.py", "runserver", "--noreload"],
        ["manage.py", "migrate"],
        ["uvicorn", "shop:app"],
        ["fastapi", "run"],
        ["node", "server.js"],
        ["make", "--reload"],
    ],
)
def test_ordinary_command_lines_have_none(argv: list[str]) -> None:
    """What does not reload by itself is not said to."""
    assert find_own_reloader(argv) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run_simple('localhost', 4000, app, use_reloader=True)", "use_reloader=True"),
        ("serving.run_simple('localhost', 4000, app, use_reloader=True)", "use_reloader=True"),
        ("app.run(debug=True)", "debug=True"),
        ("app.run(use_reloader=True)", "use_reloader=True"),
        ("app.run(debug=True, use_reloader=False)", None),
        ("run_simple('localhost', 4000, app)", None),
        ("# app.run(debug=True)", None),
        ("def broken(:", None),
    ],
)
def test_script_shows_the_reloader(text: str, expected: str | None) -> None:
    """A constant in the call that starts Werkzeug's server is enough to know; anything else is not guessed."""
    found = find_own_reloader(["serve.py"], text)

    assert expected == (found.found if found else None)
