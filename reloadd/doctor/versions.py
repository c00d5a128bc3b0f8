"""The versions of reloadd, of what it runs in and of what it is built on. Never imports a dependency."""

from __future__ import annotations

import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from reloadd import __version__
from reloadd.doctor.findings import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOPIC = "versions"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def check_versions() -> Iterator[Check]:
    """Each of them; a dependency that is not there is bad."""
    yield Check(
        _TOPIC, "reloadd", Verdict.OK, f"{__version__}, on Python {platform.python_version()} ({sys.executable})"
    )
    yield Check(_TOPIC, "kernel", Verdict.OK, f"{platform.system()} {platform.release()}")
    for name in _dependencies():
        try:
            yield Check(_TOPIC, name, Verdict.OK, version(name))
        except PackageNotFoundError:
            fix = f"{sys.executable} -m pip install {name}"
            yield Check(_TOPIC, name, Verdict.BAD, "not installed", fix)


def _dependencies() -> list[str]:
    """What reloadd itself needs, without what only its tests do."""
    try:
        wanted = requires("reloadd") or []
    except PackageNotFoundError:
        return []
    return [found[0] for each in wanted if "extra ==" not in each and (found := _NAME.match(each)) is not None]
