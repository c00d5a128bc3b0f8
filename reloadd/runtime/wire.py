"""What the daemon and a child say to each other: one JSON object a line, over a pair of connected stream sockets.

    daemon  go          what to become. Nothing of the app's runs before it. First, unless `park` is
            accept      begin to accept connections, or take it up again; may come before the child is ready
            pause       accept no more, hand in what is idle; answered with `paused`, each of them
            connection  with a descriptor: a connection to take as if it had just been accepted; not before `ready`
    child   imported    the app is there
            failed      the app cannot be served: `error`, in one line; `hopeless`, whether only an edit can mend that.
                        Not after `ready`; the end follows
            ready       all that can fail has been done; accepting needs nothing but `accept`
            connection  with a descriptor: one that was idle, to be given to whoever accepts
            paused      the last of those that were idle has been handed in; others may follow when they become so

A warm start has `park` for its first word: the child imports what it is told to and waits. It is started as any child
is, with the environment, directory, listeners, input and output of the generation that it is to become.

    daemon  park        all of `go`, so that import path and descriptors are right before anything is imported, and
                          modules   names, in the order in which they were first looked up; what the app itself runs
                                    (`*.__main__`, the module of a `module` target) is passed over
                          environ   name to value, or to null for none: set while importing, then put back
                          ledger    as in `go`, about what was read before the child parked
                          zygote    make it fit to `fork`, or say that it is not
            ahead       to a parked child, all of `go` and `until`: become the app, but park again just before the
                        user's module `until` is looked up for the first time. Then `go` only lets it run on
            fork        to a parked zygote, with four descriptors: make a parked child with these for its wire, standard
                        input, output and error; `environ` as in `park`, for good. The new child says `parked` on its
                        own wire. Not before the zygote itself has said `parked`
            go          as ever. May come at any time after `park`: what is yet to be imported is then left to the app.
                        Its listeners are those of `park`
            exit        end; so does the closing of the other end, at any time before `go`
    child   parked      it waits; `pid`, `parent` (pid), `imported` (how many modules), `left` (how many `go` did not
                        leave time for), `took_ms`; after `ahead` instead of the last three `before` (the module). Said
                        before `started` even when `go` came first
            unfit       something went wrong, so it is used for nothing and ends: `failures`, each with `module`, `kind`
                        and `reason`; `took_ms`. Kinds: `raised` (it cannot be imported), `missing` (because another is
                        not there), `touched` (it would run a module of the user's), `unsafe` (it leaves something that
                        a fork would break). No `module`: it is none's fault
            unforked    `fork` failed; `reason`
            spoiled     a child that runs ahead was about to do what shows outside, and ends without having done it:
                        `reason`, `by` (the user's file and line, or null). One that never looks up `until` comes to
                        that when it begins to serve, perhaps after `imported`, or it just ends
            started     `go` was taken; the user's code comes next. From parked children only, at once

A descriptor goes with the first byte of its frame (SCM_RIGHTS, unix(7)), so descriptors and the frames that carry them
come in the same order. The daemon imports this module too, so both ends are the same text.

The ledger is not said over the wire, where a slow reader would hold up the app: see `ledger`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, NoReturn, Tuple

    Frame = Dict[str, Any]
    """A decoded line. Its `word` says what it is."""

LONGEST_LINE = 1 << 20
"""Bytes. A line over this is not ours, and the connection is given up."""


def encode(word: str, **fields: Any) -> bytes:
    """One frame as a line of ASCII, ready to be sent whole."""
    return _write({"word": word, **fields}).encode("ascii") + b"\n"


def split_frames(received: bytes) -> Tuple[Iterator[Frame], bytes]:
    """The whole frames in `received`, and the rest that is not whole yet.

    Raises:
        ValueError: the rest is longer than any frame may be (on iteration: a line is not a JSON object).
    """
    whole, newline, rest = received.rpartition(b"\n")
    if len(rest) > LONGEST_LINE:
        raise ValueError("a frame of more than %d bytes" % LONGEST_LINE)
    lines = whole.split(b"\n") if newline else []
    return (_decode(line) for line in lines), rest


def _decode(line: bytes) -> Frame:
    try:
        frame = _parse(line.decode("ascii"))
    except StopIteration as stop:
        raise ValueError("not JSON at character %s" % stop.value) from None
    if not isinstance(frame, dict) or not isinstance(frame.get("word"), str):
        raise ValueError("a frame is a JSON object with a `word`")  # noqa: TRY004 - it is about what came, not about types
    return frame


# `json` without `json`, which brings `re`, `enum` and `collections` with it: 0.3 ms instead of 3 to 18. In a child
# that has loaded those first, the app could not import a file of its own that has the name of one of them. `_json` is
# the half of `json` that is written in C, there since 3.2; without it, `json` will do.


class _Defaults:
    """What `json.loads` asks of a scanner when it is given no options."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _make_parser() -> Callable[[str], Any]:
    """`json.loads`."""
    try:
        from _json import make_scanner  # noqa: PLC0415 - see above

        scan = make_scanner(_Defaults)  # type: ignore[arg-type] # it asks for attributes, not for a class
    except (ImportError, AttributeError, TypeError):
        from json import loads  # noqa: PLC0415 - see above

        return loads

    def parse(text: str) -> Any:
        value, end = scan(text, 0)
        if text[end:].strip():
            raise ValueError("more than one value in a line")
        return value

    return parse


def _make_writer() -> Callable[[Any], str]:
    """`json.dumps`."""
    try:
        from _json import encode_basestring_ascii, make_encoder  # noqa: PLC0415 - see above

        # What `json.JSONEncoder` gives it when it is given no options itself.
        encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ": ", ", ", False, False, True)  # noqa: FBT003 - it has no keywords
    except (ImportError, TypeError):
        from json import dumps  # noqa: PLC0415 - see above

        return dumps
    return lambda value: "".join(encode(value, 0))


def _refuse(value: object) -> NoReturn:
    raise TypeError("`%s` is nothing that a frame can hold" % type(value).__name__)


_parse = _make_parser()
_write = _make_writer()
