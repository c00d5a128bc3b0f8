"""Frames come out as they went in, and what is no frame is refused, on every interpreter."""

from __future__ import annotations

import json
import subprocess

import pytest

from reloadd.runtime import wire
from tests.support.booting import clean_environ
from tests.support.interpreters import Interpreter, find_interpreters

SAMPLE = {
    "text": 'caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{GRINNING FACE} \udc80 \\ " \n /',
    "numbers": [0, -1, 2.5, 10**20],
    "nothing": None,
    "nested": {"yes": True, "no": False, "empty": [{}, []]},
}

_DECODE = """\
import importlib.util, sys
spec = importlib.util.spec_from_file_location("wire", sys.argv[1])
wire = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wire)
frames, rest = wire.split_frames(sys.stdin.buffer.read())
for frame in frames:
    sys.stdout.buffer.write(wire.encode(**frame))
sys.stdout.buffer.write(rest)
"""


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_frames_survive_every_interpreter(interpreter: Interpreter) -> None:
    """Decoded and encoded again elsewhere, a frame is the same line, and the unfinished rest is left alone."""
    line = wire.encode("go", **SAMPLE)

    answer = subprocess.run(
        [interpreter.executable, "-c", _DECODE, wire.__file__],
        input=line + line + b'{"word": "unfin',
        env=clean_environ(),
        capture_output=True,
        check=True,
    )

    assert answer.stdout == line + line + b'{"word": "unfin'


def test_frame_is_one_line_of_json() -> None:
    """Any program can read the wire."""
    line = wire.encode("ready", server="uvicorn 0.54.0\n")

    assert json.loads(line) == {"word": "ready", "server": "uvicorn 0.54.0\n"}
    assert line.count(b"\n") == 1
    assert line.isascii()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{\n",
        b"[]\n",
        b"3\n",
        b'{"word": 3}\n',
        b'{"world": "go"}\n',
        b'{"word": "go"} {}\n',
        b'{"word": "go",}\n',
        b'{"word": "\xc3\xa9"}\n',
        b"\xff\xff\n",
    ],
)
def test_line_that_is_no_frame_is_a_value_error(line: bytes) -> None:
    """Whatever an app writes into a descriptor that it guessed, the reader knows that it was not a word."""
    frames, rest = wire.split_frames(line)

    assert rest == b""
    with pytest.raises(ValueError, match=r"frame|JSON|value|codec|Expecting"):
        next(frames)


def test_endless_line_is_a_value_error() -> None:
    """No reader collects bytes for ever."""
    with pytest.raises(ValueError, match="1048576 bytes"):
        wire.split_frames(b"x" * (wire.LONGEST_LINE + 1))
