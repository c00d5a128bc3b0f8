"""What a request line means, and what is said of one that means nothing."""

from __future__ import annotations

import json

import pytest

from reloadd.control.protocol import (
    Code,
    CommandRequest,
    FollowRequest,
    ReloadRequest,
    Request,
    RequestError,
    StatusRequest,
    Verb,
    decode,
    encode,
    encode_error,
    parse_request,
)


@pytest.mark.parametrize(
    ("fields", "request_"),
    [
        ({"request": "status"}, StatusRequest(usage=True)),
        ({"request": "status", "usage": False}, StatusRequest(usage=False)),
        ({"request": "start", "profiles": ["web"]}, CommandRequest(Verb.START, ("web",), None)),
        ({"request": "stop", "profiles": ["a", "b", "a"], "wait": 5}, CommandRequest(Verb.STOP, ("a", "b"), 5.0)),
        ({"request": "restart", "profiles": ["web"], "wait": None}, CommandRequest(Verb.RESTART, ("web",), None)),
        ({"request": "start", "profiles": ["web"], "wait": 0}, CommandRequest(Verb.START, ("web",), 0.0)),
        ({"request": "start", "profiles": ["web"], "wait": 3600}, CommandRequest(Verb.START, ("web",), 3600.0)),
        ({"request": "reload"}, ReloadRequest(None, None, colour=False)),
        (
            {"request": "reload", "wait": 1.5, "directory": "/home/ada", "colour": True},
            ReloadRequest(1.5, "/home/ada", colour=True),
        ),
        ({"request": "follow"}, FollowRequest((), records=True, output=True)),
        (
            {"request": "follow", "profiles": ["web"], "output": False},
            FollowRequest(("web",), records=True, output=False),
        ),
    ],
)
def test_a_line_is_read_as_a_request(fields: dict[str, object], request_: Request) -> None:
    """What is left out has a default."""
    assert parse_request(encode(fields)) == request_


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (b"", Code.MALFORMED, "expected a JSON object on one line"),
        (b"\xff\x00", Code.MALFORMED, "expected a JSON object on one line"),
        (b"[" * 100_000, Code.MALFORMED, "expected a JSON object on one line"),
        (b"9" * 5000, Code.MALFORMED, "expected a JSON object on one line"),
        (b"[1]", Code.MALFORMED, "expected a JSON object on one line"),
        (b"{}", Code.VERSION, "expected `version` to be 1"),
        (b'{"version":true,"request":"status"}', Code.VERSION, "expected `version` to be 1"),
        (b'{"version":2,"request":"status"}', Code.VERSION, "expected `version` to be 1"),
        (
            b'{"version":1,"request":"stauts"}',
            Code.UNKNOWN,
            "expected `request` to be `status`, `start`, `stop`, `restart`, `reload` or `follow`",
        ),
        (b'{"version":1,"request":"stop"}', Code.FIELD, "expected `profiles` to name one at least"),
        (b'{"version":1,"request":"stop","profiles":"web"}', Code.FIELD, "expected `profiles` to be an array of names"),
        (b'{"version":1,"request":"stop","profiles":[1]}', Code.FIELD, "expected `profiles` to be an array of names"),
        (
            b'{"version":1,"request":"reload","wait":-1}',
            Code.FIELD,
            "expected `wait` to be seconds, 3600 at the most",
        ),
        (
            b'{"version":1,"request":"reload","wait":NaN}',
            Code.FIELD,
            "expected `wait` to be seconds, 3600 at the most",
        ),
        (b'{"version":1,"request":"reload","colour":1}', Code.FIELD, "expected `colour` to be true or false"),
        (b'{"version":1,"request":"reload","directory":1}', Code.FIELD, "expected `directory` to be a string"),
        (b'{"version":1,"request":"status","names":[]}', Code.FIELD, "unknown field `names`"),
    ],
)
def test_what_is_no_request_is_told_apart(line: bytes, code: Code, message: str) -> None:
    """Each refusal has a code for programs and says what was expected."""
    with pytest.raises(RequestError) as caught:
        parse_request(line)

    assert (caught.value.code, caught.value.message) == (code, message)


def test_a_message_is_one_line_with_its_version_first() -> None:
    """Newlines in texts do not end it."""
    line = encode({"drawing": "two\nlines", "path": "\udcff"})

    assert (line[:12], line[-1:], line.count(b"\n")) == (b'{"version":1', b"\n", 1)
    assert decode(line)["drawing"] == "two\nlines"


def test_a_refusal_carries_its_code() -> None:
    """It is an answer like others, with `error` in it."""
    assert json.loads(encode_error(Code.TOO_LONG, "too long")) == {
        "version": 1,
        "error": {"code": "too-long", "message": "too long"},
    }
