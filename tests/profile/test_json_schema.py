"""The JSON Schema: the shipped file is the table's, it accepts what is right and refuses what an editor can see."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import tomli

from reloadd.cli import main
from reloadd.profile.json_schema import FILE, json_schema_text, make_json_schema
from reloadd.profile.schema import ANY_NAME, KEYS
from tests.support.profiles import ProfileDirectory

PROFILES = Path(__file__).parents[2] / "profiles"
REFERENCE = (PROFILES / "README.md").read_text("utf-8")
VALIDATOR = jsonschema.Draft7Validator(make_json_schema())

SERVED = '[target]\napp = "web:app"\n[listen]\nhttp = "127.0.0.1:8000"\n'

WRONG = {
    "unknown key": (SERVED + "[watch]\ninculde = []\n", "$.watch"),
    "unknown table": (SERVED + "[wacth]\n", "$"),
    "no target": ('[listen]\nhttp = "127.0.0.1:8000"\n', "$"),
    "two targets": ('[target]\nmodule = "a"\nscript = "b.py"\n', "$.target"),
    "nothing to run": ("[target]\nargs = []\n", "$.target"),
    "no listen": ('[target]\napp = "web:app"\n', "$"),
    "no http": ('[target]\napp = "web:app"\n[listen]\nadmin = "127.0.0.1:1"\n', "$.listen"),
    "no attribute": (SERVED.replace("web:app", "web"), "$.target.app"),
    "a path as module": ('[target]\nmodule = "shop/web.py"\n', "$.target.module"),
    "a shell's line": ('[target]\ncommand = "sleep 1"\n', "$.target.command"),
    "an empty command": ("[target]\ncommand = []\n", "$.target.command"),
    "a number as variable": (SERVED.replace("[listen]", "env = { A = 1 }\n[listen]"), "$.target.env.A"),
    "an address without port": (SERVED.replace(":8000", ""), "$.listen.http"),
    "a socket's name": (SERVED + 'Admin = "127.0.0.1:1"\n', "$.listen"),
    "a certificate alone": (SERVED + 'tls-cert = "cert.pem"\n', "$.listen"),
    "a unit": (SERVED + '[watch]\npoll-interval = "500ms"\n', "$.watch.poll-interval"),
    "a negative duration": (SERVED + "[watch]\nsettle = -1\n", "$.watch.settle"),
    "no time at all": (SERVED + "[restart]\nready-timeout = 0\n", "$.restart.ready-timeout"),
    "an unknown choice": (SERVED + '[restart]\non-exit = "sometimes"\n', "$.restart.on-exit"),
    "half an attempt": (SERVED + "[restart]\nbackoff = { attempts = 0.5 }\n", "$.restart.backoff.attempts"),
    "two ways to be ready": (SERVED + '[ready]\nhttp = "/"\nstarted = 1\n', "$.ready"),
    "not told": (SERVED + "[ready]\ntold = false\n", "$.ready.told"),
    "a URL as path": (SERVED + '[ready]\nhttp = "http://localhost/"\n', "$.ready.http"),
    "a name with a slash": ('name = "a/b"\n' + SERVED, "$.name"),
    "a name alone": ('after = "db"\n' + SERVED, "$.after"),
}


def test_the_shipped_file_is_made_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """`reloadd schema > reloadd/profile/profile.schema.json` makes it so; editors read the file."""
    assert FILE.read_text("utf-8") == json_schema_text()
    assert main(["schema"]) == 0
    assert capsys.readouterr() == (json_schema_text(), "")
    assert main(["schema", "--path"]) == 0
    assert capsys.readouterr() == (f"{FILE}\n", "")


def test_it_is_valid_json_schema_itself() -> None:
    """By the meta-schema of the draft that it names."""
    jsonschema.Draft7Validator.check_schema(make_json_schema())


def test_every_key_stands_in_it_with_its_sentence_and_default() -> None:
    """Where the profile has it; a default that depends on something is told in words."""
    for key in KEYS:
        form = make_json_schema()
        for name in key.path:
            where = "additionalProperties" if name == ANY_NAME else "properties"
            here = form[where]
            assert isinstance(here, dict)
            form = here if name == ANY_NAME else here[name]
        told = "" if key.otherwise is None else f" Default: {key.otherwise}."
        assert form["description"] == key.doc + told
        assert ("default" in form) is (key.default is not None)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.spelled)
def test_each_example_fits(key: object) -> None:
    """What the messages propose is what an editor accepts."""
    form = getattr(key, "kind").form  # noqa: B009 (rows are of many types)
    jsonschema.Draft7Validator(form).validate(tomli.loads(f"x = {getattr(key, 'example')}")["x"])  # noqa: B009 (the same)


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.toml")), ids=lambda path: path.stem)
def test_example_profiles_are_accepted(path: Path) -> None:
    """Each of them."""
    VALIDATOR.validate(tomli.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", REFERENCE, re.DOTALL))
def test_examples_of_the_reference_are_accepted(example: str) -> None:
    """They are copied."""
    VALIDATOR.validate(tomli.loads(example))


@pytest.mark.parametrize(("text", "place"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_underlined_where_it_is(text: str, place: str, tmp_path: Path) -> None:
    """At its own place, and never where reading the profile finds nothing."""
    places = {".".join(map(str, ("$", *error.absolute_path))) for error in VALIDATOR.iter_errors(tomli.loads(text))}

    assert places == {place}
    assert ProfileDirectory(tmp_path).write({"dev.toml": text}).load("dev.toml").problems


def test_a_right_profile_with_everything_is_accepted(tmp_path: Path) -> None:
    """Nothing that is read without a problem is underlined."""
    directory = ProfileDirectory(tmp_path).write({"cert.pem": "", "key.pem": "", "src/": "", ".env": ""})
    text = f"""
name = "all.of-it_1"
after = []
restart-with = []
[target]
app = "shop.main:make.app()"
args = ["-v"]
env = {{ A = "1", "WITH-DASH" = "" }}
env-file = ".env"
server = "uvicorn"
processes = 2
python = "{directory.environment("other")}"
[listen]
http = "[::1]:8000"
admin-2 = "unix:admin.sock"
tls-cert = "cert.pem"
tls-key = "key.pem"
[watch]
roots = ["src", "."]
include = ["*.py"]
exclude = ["!venv"]
gitignore = false
backend = "poll"
poll-interval = 1
settle = 0
[restart]
on-exit = "never"
handover = "overlap"
while-reloading = "serve-old"
stop-signal = "SIGINT"
stop-timeout = 3
drain-timeout = 2.5
ready-timeout = 1.5
[restart.backoff]
first = 0
factor = 1
most = 0
attempts = 1
[ready]
told = true
"""
    directory.profile(text)

    VALIDATOR.validate(tomli.loads(text))
