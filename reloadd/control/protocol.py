"""The words of the control socket: what may be asked, how it is checked, and how messages stand on a line.

Pure: both sides use it. Never reads or writes a socket. README.md beside this file describes each message.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
"""Goes up when a message changes in a way that an older reader would misunderstand."""

LONGEST_REQUEST = 1 << 16
"""Bytes of a request, its newline included. No request that means anything needs a tenth of it."""

LONGEST_WAIT = 3600.0
"""Seconds that a request may let the daemon wait for an app."""


class Verb(Enum):
    """What an app can be told; the value is the request's word."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


class Code(Enum):
    """Why a request was refused, for programs."""

    MALFORMED = "malformed"
    TOO_LONG = "too-long"
    VERSION = "version"
    UNKNOWN = "unknown-request"
    FIELD = "wrong-field"
    NO_PROFILE = "no-profile"
    TOO_MANY = "too-many"
    TOO_LATE = "too-late"
    TOO_SLOW = "too-slow"
    FAILED = "failed"


class RequestError(Exception):
    """A request cannot be answered.

    Attributes:
        code: for programs.
        message: for people.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """How the daemon and its apps are.

    Attributes:
        usage: whether to say what their processes use, which takes the daemon some milliseconds.
    """

    usage: bool = True


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """Tell apps something.

    Attributes:
        verb: what.
        profiles: whose apps, by their names.
        wait: seconds to wait for it to be carried out; None for not at all.
    """

    verb: Verb
    profiles: tuple[str, ...]
    wait: float | None


@dataclass(frozen=True, slots=True)
class ReloadRequest:
    """Read the profiles again.

    Attributes:
        wait: seconds to wait until the apps of what was read serve; None for not at all.
        directory: what paths in the drawing of problems are shown from; None for the daemon's own.
        colour: whether that drawing is coloured.
    """

    wait: float | None
    directory: str | None
    colour: bool


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """Send what happens, until the connection is closed.

    Attributes:
        profiles: of which apps; none for all, and for the daemon itself.
        records: whether to send records.
        output: whether to send what the apps print.
    """

    profiles: tuple[str, ...]
    records: bool
    output: bool


Request = StatusRequest | CommandRequest | ReloadRequest | FollowRequest


def encode(message: Mapping[str, object]) -> bytes:
    """A message as a line, with its version first."""
    return json.dumps({"version": VERSION, **message}, separators=(",", ":")).encode() + b"\n"


def encode_error(code: Code, message: str) -> bytes:
    """The answer to a request that is refused."""
    return encode({"error": {"code": code.value, "message": message}})


def decode(line: bytes) -> Mapping[str, Any]:
    """The object on a line.

    Raises:
        RequestError: it is none.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise RequestError(Code.MALFORMED, "expected a JSON object on one line") from None
    if not isinstance(found, dict):
        raise RequestError(Code.MALFORMED, "expected a JSON object on one line")
    return found


def parse_request(line: bytes) -> Request:
    """What a line asks.

    Raises:
        RequestError: it cannot be understood.
    """
    fields = dict(decode(line))
    version = fields.pop("version", None)
    if version != VERSION or isinstance(version, bool):
        raise RequestError(Code.VERSION, f"expected `version` to be {VERSION}")
    asked = fields.pop("request", None)
    match asked:
        case "status":
            request: Request = StatusRequest(_flag(fields, "usage", default=True))
        case "start" | "stop" | "restart":
            names = _names(fields)
            if not names:
                raise RequestError(Code.FIELD, "expected `profiles` to name one at least")
            request = CommandRequest(Verb(asked), names, _wait(fields))
        case "reload":
            request = ReloadRequest(_wait(fields), _text(fields, "directory"), _flag(fields, "colour", default=False))
        case "follow":
            records, output = (_flag(fields, name, default=True) for name in ("records", "output"))
            request = FollowRequest(_names(fields), records, output)
        case _:
            expected = "`status`, `start`, `stop`, `restart`, `reload` or `follow`"
            raise RequestError(Code.UNKNOWN, f"expected `request` to be {expected}")
    if fields:
        raise RequestError(Code.FIELD, f"unknown field `{str(min(fields))[:40]}`")
    return request


def _names(fields: dict[str, Any]) -> tuple[str, ...]:
    found = fields.pop("profiles", [])
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise RequestError(Code.FIELD, "expected `profiles` to be an array of names")
    return tuple(dict.fromkeys(found))


def _wait(fields: dict[str, Any]) -> float | None:
    found = fields.pop("wait", None)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= LONGEST_WAIT:
        raise RequestError(Code.FIELD, f"expected `wait` to be seconds, {LONGEST_WAIT:.0f} at the most")
    return float(found)


def _text(fields: dict[str, Any], name: str) -> str | None:
    found = fields.pop(name, None)
    if found is not None and not isinstance(found, str):
        raise RequestError(Code.FIELD, f"expected `{name}` to be a string")
    return found


def _flag(fields: dict[str, Any], name: str, *, default: bool) -> bool:
    found = fields.pop(name, default)
    if not isinstance(found, bool):
        raise RequestError(Code.FIELD, f"expected `{name}` to be true or false")
    return found
