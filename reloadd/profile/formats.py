"""Strings with a form of their own: addresses, names, apps. One function reads each, or says why it cannot.

Pure text: never asks the file system or the network whether what is named exists.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from reloadd.profile.findings import Finding, On, RefusedError
from reloadd.profile.model import Address, AppTarget, TcpAddress, UnixAddress
from reloadd.profile.problems import Code

LAST_PORT = 65535
LONGEST_UNIX_PATH = 107
"""Bytes: `sun_path` holds 108 with its closing NUL on Linux (unix(7)); macOS has four fewer."""

MODULE = r"[^\s/:]+"
APP = r"[^\s/:]+:[^\s/:]+"
PROFILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
SOCKET_NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
ADDRESS = r"unix:.+|(?:\[[^\]]+\]|[A-Za-z0-9_.-]+):[0-9]+"
HTTP_PATH = "/[!-~]*"
"""The forms as plain expressions, which mean the same in all dialects, for those who cannot ask the functions below.
They are never narrower; where other scripts than Latin are allowed, they say only what separates the parts."""

_ATTRIBUTE_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
# Wider than an identifier: `python -m my-app` runs `my-app.py`.
_MODULE_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_PROFILE_NAME = re.compile(PROFILE_NAME)
_KEBAB_NAME = re.compile(SOCKET_NAME)
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")


def _refused(message: str, label: str, hint: str) -> RefusedError:
    return RefusedError(Finding(Code.BAD_VALUE, message, label, hint))


def read_address(text: str) -> Address:
    """`host:port`, `[IPv6]:port` or `unix:PATH`; the path is left as written.

    Raises:
        RefusedError: it is none of them.
    """
    if text.startswith("unix:"):
        return _unix_address(text.removeprefix("unix:"))
    if "://" in text:
        bare = text.partition("://")[2].rstrip("/")
        raise _refused(f"`{text}` is a URL, not an address", 'expected "host:port"', f'write "{bare}"')
    host, colon, port = text.rpartition(":")
    if not colon:
        raise _without_colon(text)
    number = _port(text, port)
    if host.startswith("[") and host.endswith("]"):
        return TcpAddress(_ipv6(host[1:-1]), number)
    if ":" in host:
        raise _refused(
            f"the host of `{text}` is not clear", "an IPv6 host stands in brackets", f'write "[{host}]:{port}"'
        )
    if not host:
        raise _refused(
            f"`{text}` names no host",
            'expected "host:port"',
            f'write "127.0.0.1{text}" for this machine alone, or "0.0.0.0{text}" for every network',
        )
    if not _HOST_NAME.fullmatch(host):
        raise _refused(f"`{host}` is no host", "expected a name or an IP address", f'write "127.0.0.1:{port}"')
    return TcpAddress(host, number)


def _without_colon(text: str) -> RefusedError:
    if text.isascii() and text.isdigit():
        return _refused(f"`{text}` names no host", 'expected "host:port"', f'write "127.0.0.1:{text}"')
    if "/" in text:
        return _refused(f"`{text}` is no address", 'expected "host:port" or "unix:PATH"', f'write "unix:{text}"')
    return _refused(
        f"`{text}` names no port", 'expected "host:port"', f'write "{text}:8000", or port 0 for any that is free'
    )


def _port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdigit()):
        raise _refused(
            f"`{text}` has no port number",
            f"expected a number from 0 to {LAST_PORT} after the colon",
            'write "127.0.0.1:8000"',
        )
    if int(port) > LAST_PORT:
        raise RefusedError(
            Finding(
                Code.OUT_OF_RANGE,
                f"port {port} is out of range",
                f"expected 0 to {LAST_PORT}",
                "port 0 takes any that is free, once",
            )
        )
    return int(port)


def _ipv6(host: str) -> str:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        raise _refused(f"`{host}` is no IPv6 address", "expected one in the brackets", 'write "[::1]:8000"') from None
    return host


def _unix_address(path: str) -> UnixAddress:
    if not path:
        raise _refused("`unix:` names no path", "expected a path after the colon", 'write "unix:run/app.sock"')
    return UnixAddress(Path(path))


def read_app(text: str) -> AppTarget:
    """`module:attribute`, or `module:factory()` to call what it names.

    Raises:
        RefusedError: it is neither.
    """
    module, colon, attribute = text.partition(":")
    if not colon:
        dotted = _as_module(module)
        raise _refused(
            "`target.app` names no attribute",
            'expected "module:attribute"',
            f'write `app = "{dotted}:app"`, or `module = "{dotted}"` to run it as `python -m` does',
        )
    is_factory = attribute.endswith("()")
    name = attribute.removesuffix("()")
    if not _MODULE_NAME.fullmatch(module):
        raise _refused(
            f"`{module}` is no module's name" if module else "`target.app` names no module",
            'expected "module:attribute"',
            f'write `app = "{_as_module(module)}:{attribute or "app"}"`',
        )
    if not _ATTRIBUTE_NAME.fullmatch(name):
        raise _refused(
            f"`{attribute}` is no attribute's name" if attribute else "`target.app` names no attribute",
            'expected "module:attribute" or "module:factory()"',
            f'write `app = "{module}:app"`',
        )
    return AppTarget(module=module, attribute=name, is_factory=is_factory)


def _as_module(text: str) -> str:
    """The module that a path such as `./shop/main.py` most likely means."""
    dotted = text.removesuffix(".py").removeprefix("./").strip("/").replace("/", ".")
    return dotted if _MODULE_NAME.fullmatch(dotted) else "main"


def read_module(text: str) -> str:
    """A dotted name, as `python -m` takes it.

    Raises:
        RefusedError: it is not one.
    """
    if text.endswith(".py") or "/" in text:
        raise _refused(
            f"`{text}` is a path, not a module's name",
            "expected a dotted name",
            f'write `script = "{text}"`, or `module = "{_as_module(text)}"`',
        )
    if not _MODULE_NAME.fullmatch(text):
        raise _refused(f"`{text}` is no module's name", "expected a dotted name", 'write `module = "package.module"`')
    return text


def read_profile_name(text: str) -> str:
    """Letters, digits, `-`, `_` and `.`, the first a letter or a digit.

    Raises:
        RefusedError: another character is in it.
    """
    if not _PROFILE_NAME.fullmatch(text):
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._") or "app"
        raise _refused(
            f"`{text}` is no profile's name", "expected letters, digits, `-`, `_` and `.`", f'write `name = "{plain}"`'
        )
    return text


def misnamed_socket(text: str) -> Finding | None:
    """What is wrong with a socket's name: it is handed down in LISTEN_FDNAMES (sd_listen_fds(3)), in kebab-case."""
    if _KEBAB_NAME.fullmatch(text):
        return None
    plain = re.sub(r"[^a-z0-9]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text).lower()).strip("-0123456789")
    return Finding(
        Code.BAD_VALUE,
        f"`{text}` is no socket's name",
        "expected small letters, digits and `-`",
        f"write `{plain or 'socket'}`",
        on=On.KEY,
    )


def read_http_path(text: str) -> str:
    """The path of a request, beginning with a slash.

    Raises:
        RefusedError: it does not, or holds what a request line cannot.
    """
    if "://" in text:
        path = "/" + text.partition("://")[2].partition("/")[2]
        raise _refused("`ready.http` is a path, not a URL", "expected it to begin with `/`", f'write `http = "{path}"`')
    if not text.startswith("/"):
        raise _refused("`ready.http` is no path", "expected it to begin with `/`", f'write `http = "/{text}"`')
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _refused("`ready.http` is no path", "expected plain characters", "write others as `%XX`")
    return text


def misnamed_variable(text: str) -> Finding | None:
    """What is wrong with the name of an environment variable: it may hold anything but `=` and NUL (environ(7))."""
    if text and "=" not in text and "\0" not in text:
        return None
    message = f"`{text}` is no variable's name"
    return Finding(Code.BAD_VALUE, message, "expected a name without `=`", 'write `NAME = "value"`', on=On.KEY)
