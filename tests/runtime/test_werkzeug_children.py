"""A script that ends in Werkzeug's own reloader is a good child: it serves on the daemon's socket, and asks again."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import Go, booted, module, script, write_files
from tests.support.served import get

if TYPE_CHECKING:
    import socket
    from pathlib import Path

RUN_SIMPLE = """\
import os
from werkzeug.serving import run_simple
import watched

def app(environ, start_response):
    start_response("200 OK", [])
    return [b"%d" % os.getpid()]

run_simple("127.0.0.1", 1, app, use_reloader=True, reloader_type="stat", reloader_interval=0.1)
"""

FLASK = """\
import os
import flask
import watched
app = flask.Flask(__name__)

@app.route("/")
def index():
    return str(os.getpid())

if __name__ == "__main__":
    app.run(debug=True, port=1, reloader_type="stat", reloader_interval=0.1)
"""


@pytest.mark.parametrize("age", ["old", "new"])
@pytest.mark.parametrize("way", ["run_simple", "app.run", "flask run"])
def test_own_reloader_serves_and_exits_with_three(
    age: str, way: str, server_pythons: dict[str, Path], http: socket.socket, tmp_path: Path
) -> None:
    """No second process, no second socket: the very process that we started answers, and ends with 3 on a change."""
    write_files(tmp_path, {"simple.py": RUN_SIMPLE, "app.py": FLASK, "watched.py": ""})
    ways: dict[str, Go] = {
        "run_simple": script(tmp_path / "simple.py"),
        "app.run": script(tmp_path / "app.py"),
        "flask run": module("flask", "--app", "app", "run", "--debug", "--port", "1"),
    }
    with booted(server_pythons[age], ways[way], directory=tmp_path, listeners={"http": http}) as child:
        assert get(http) == str(child.process.pid)
        later = time.time() + 10
        os.utime(tmp_path / "watched.py", (later, later))
        outcome = child.outcome()

    assert outcome.status == 3, outcome
