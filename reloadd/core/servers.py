"""Which server can do what for an `app` target: the one table that the profile's checks and the launcher both read.

Never imports a server: they live in the app's environment, where `reloadd.runtime` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Interface(Enum):
    """How a server calls the app: PEP 3333 or the ASGI specification."""

    WSGI = "wsgi"
    ASGI = "asgi"


class Server(Enum):
    """The servers that the runtime knows how to drive, in the order in which it prefers them."""

    UVICORN = "uvicorn"
    HYPERCORN = "hypercorn"
    WERKZEUG = "werkzeug"
    WAITRESS = "waitress"
    WSGIREF = "wsgiref"


class Ability(Enum):
    """What a profile can ask of a server; the value is the profile's key."""

    THREADS = "threads"
    PROCESSES = "processes"
    TLS_FILES = "tls-cert"
    TLS_ADHOC = "tls"


@dataclass(frozen=True, slots=True)
class ServerTraits:
    """What one server speaks and is able to do by its own public options."""

    interface: Interface
    abilities: frozenset[Ability]


TRAITS: dict[Server, ServerTraits] = {
    Server.UVICORN: ServerTraits(Interface.ASGI, frozenset({Ability.PROCESSES, Ability.TLS_FILES})),
    Server.HYPERCORN: ServerTraits(Interface.ASGI, frozenset({Ability.PROCESSES, Ability.TLS_FILES})),
    # Its `threaded` has no size: only `processes` takes a number.
    Server.WERKZEUG: ServerTraits(Interface.WSGI, frozenset({Ability.PROCESSES, Ability.TLS_FILES, Ability.TLS_ADHOC})),
    Server.WAITRESS: ServerTraits(Interface.WSGI, frozenset({Ability.THREADS})),
    Server.WSGIREF: ServerTraits(Interface.WSGI, frozenset({Ability.THREADS})),
}


def missing_abilities(server: Server, asked: frozenset[Ability]) -> frozenset[Ability]:
    """What was asked for that the server cannot do."""
    return asked - TRAITS[server].abilities


def able_servers(asked: frozenset[Ability]) -> tuple[Server, ...]:
    """The servers that can do all that was asked, best first; the runtime takes the first that is installed."""
    return tuple(server for server in Server if not missing_abilities(server, asked))
