"""What keys have to do with each other: which exclude, need or limit one another.

Each rule is one function over the values; `RULES` is the list. Never looks at the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.policy import Handover, OnExit
from reloadd.core.servers import Ability, able_servers, missing_abilities
from reloadd.profile import schema
from reloadd.profile.findings import Finding, Inspection, On
from reloadd.profile.model import Address, TcpAddress
from reloadd.profile.problems import Code
from reloadd.profile.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.profile.check import Values
    from reloadd.profile.key import Key

ABILITY_KEYS: dict[Ability, Key[object]] = {
    ability: schema.BY_PATH[path]
    for ability, path in (
        (Ability.THREADS, schema.THREADS.path),
        (Ability.PROCESSES, schema.PROCESSES.path),
        (Ability.TLS_FILES, schema.TLS_CERT.path),
        (Ability.TLS_ADHOC, schema.TLS.path),
    )
}
"""Which key asks for which ability of a server."""

_APP_ONLY = (
    schema.SERVER,
    schema.THREADS,
    schema.PROCESSES,
    schema.TLS_CERT,
    schema.TLS_KEY,
    schema.TLS,
    schema.DRAIN_TIMEOUT,
)


def is_concrete(address: Address) -> bool:
    """Whether no one else can have the address; port 0 is another number each time."""
    return not (isinstance(address, TcpAddress) and address.port == 0)


def _given(values: Values, keys: Sequence[Key[object]]) -> list[Key[object]]:
    return [key for key in keys if values.is_given(key)]


def _one_target(inspection: Inspection, values: Values) -> None:
    given = _given(values, schema.TARGET_KEYS)
    _at_most_one(inspection, given)
    if given or values.has_stray("target"):
        return
    message = "`[target]` names nothing to run" if values.has_table("target") else "there is no `[target]`"
    label = f"expected {listed([key.path[-1] for key in schema.TARGET_KEYS])}"
    hint = 'write `[target]` and below it `app = "module:attribute"`, or what else is to run'
    inspection.report(("target",), Finding(Code.MISSING_KEY, message, label, hint, on=On.TABLE))


def _at_most_one(inspection: Inspection, given: Sequence[Key[object]]) -> None:
    for other in given[1:]:
        first = given[0]
        line = inspection.line_of(first.path)
        inspection.report(
            other.path,
            Finding(
                Code.CONFLICT,
                f"`{first.spelled}` and `{other.spelled}` exclude each other",
                f"`{first.path[-1]}` is given on line {line}",
                "keep one of the two",
                on=On.KEY,
            ),
        )


def _app_only(inspection: Inspection, values: Values) -> None:
    """Keys that mean something to an `app` alone."""
    given = _given(values, schema.TARGET_KEYS)
    if not given or values.is_given(schema.APP):
        return
    for key in _given(values, _APP_ONLY):
        inspection.report(
            key.path,
            Finding(
                Code.CONFLICT,
                f"`{key.spelled}` is for `app` targets only",
                f"this profile runs a `{given[0].path[-1]}`",
                "leave it out",
                on=On.KEY,
            ),
        )


def _app_needs_http(inspection: Inspection, values: Values) -> None:
    if values.is_given(schema.APP) and not values.is_given(schema.HTTP) and not values.has_stray("listen"):
        inspection.report(
            schema.APP.path,
            Finding(
                Code.MISSING_KEY,
                "an `app` needs `listen.http`",
                "nothing says at which address to serve it",
                'write `[listen]` and below it `http = "127.0.0.1:8000"`',
            ),
        )


def _tls(inspection: Inspection, values: Values) -> None:
    for key, other in ((schema.TLS_CERT, schema.TLS_KEY), (schema.TLS_KEY, schema.TLS_CERT)):
        if values.is_given(key) and not values.is_given(other):
            _needs(inspection, key, other)
    if values.is_given(schema.APP):
        # The `app` itself is already told that it needs `listen.http`.
        return
    for key in (schema.TLS, schema.TLS_CERT):
        if values.is_given(key) and not values.is_given(schema.HTTP):
            _needs(inspection, key, schema.HTTP)


def _one_kind_of_tls(inspection: Inspection, values: Values) -> None:
    _at_most_one(inspection, _given(values, (schema.TLS_CERT, schema.TLS)))


def _needs(inspection: Inspection, key: Key[object], other: Key[object]) -> None:
    home = f" in `[{'.'.join(other.path[:-1])}]`" if other.path[:-1] != key.path[:-1] else ""
    inspection.report(
        key.path,
        Finding(
            Code.MISSING_KEY,
            f"`{key.spelled}` needs `{other.spelled}`",
            f"`{other.path[-1]}` is not given",
            f"write `{other.path[-1]} = {other.example}`{home}",
            on=On.KEY,
        ),
    )


def _able_server(inspection: Inspection, values: Values) -> None:
    """A server that can do all that is asked of it, or of any."""
    asked = [ability for ability, key in ABILITY_KEYS.items() if values.is_given(key)]
    server = values.get(schema.SERVER)
    if not values.is_given(schema.APP):
        return
    if server is not None:
        missing = missing_abilities(server, frozenset(asked))
        for ability in asked:
            if ability in missing:
                able = [each.value for each in able_servers(frozenset({ability}))]
                _unable(
                    inspection, ability, f"`{server.value}` has no `{ability.value}`", f"{listed(able, last='and')} can"
                )
    elif asked and not able_servers(frozenset(asked)):
        names = listed([ability.value for ability in asked], last="and")
        _unable(inspection, asked[-1], f"no server has {names} together", "leave one of them out")


def _unable(inspection: Inspection, ability: Ability, message: str, hint: str) -> None:
    inspection.report(ABILITY_KEYS[ability].path, Finding(Code.UNABLE, message, "asked for here", hint, on=On.KEY))


def _one_way_to_be_ready(inspection: Inspection, values: Values) -> None:
    given = _given(values, schema.READY_KEYS)
    _at_most_one(inspection, given)
    if values.has_table("ready") and not given and not values.has_stray("ready"):
        label = f"expected {listed([key.path[-1] for key in schema.READY_KEYS])}"
        inspection.report(
            ("ready",),
            Finding(
                Code.MISSING_KEY,
                "`[ready]` names no way to be ready",
                label,
                "leave the table out for the default",
                on=On.TABLE,
            ),
        )


def _ready_at_a_socket(inspection: Inspection, values: Values) -> None:
    """What the child is asked at must be there."""
    if values.is_given(schema.READY_HTTP) and not values.is_given(schema.HTTP) and not values.is_given(schema.APP):
        _needs(inspection, schema.READY_HTTP, schema.HTTP)
    if values.get(schema.LISTENING) is True and not values.has_table("listen"):
        inspection.report(
            schema.LISTENING.path,
            Finding(
                Code.MISSING_KEY,
                "`ready.listening` needs a socket in `[listen]`",
                "there is none to try",
                'write the address that the child opens itself, as in `listening = "127.0.0.1:8000"`',
            ),
        )


def _started_in_time(inspection: Inspection, values: Values) -> None:
    started, timeout = values.get(schema.STARTED), values.get(schema.READY_TIMEOUT)
    if started is not None and timeout is not None and started >= timeout:
        inspection.report(
            schema.STARTED.path,
            Finding(
                Code.OUT_OF_RANGE,
                "`ready.started` is not reached before `restart.ready-timeout`",
                f"expected less than {timeout:g}",
                f"write `started = {schema.STARTED.example}`",
            ),
        )


def _may_finish(inspection: Inspection, values: Values) -> None:
    """What is ready once it has ended must be what ends, and is not started again."""
    if not values.is_given(schema.FINISHED):
        return
    if values.is_given(schema.APP):
        message = "`ready.finished` is for what ends by itself"
        _conflict(inspection, schema.FINISHED, message, "an `app` serves until it is stopped")
    elif values.get(schema.ON_EXIT) is OnExit.ALWAYS:
        message = '`ready.finished` and `on-exit = "always"` exclude each other'
        _conflict(inspection, schema.FINISHED, message, "it would be started again for ever")


def _overlap(inspection: Inspection, values: Values) -> None:
    """Two generations share one socket, so the new one must say by itself, and not at that socket, that it serves."""
    if values.get(schema.HANDOVER) is Handover.REPLACE:
        if values.is_given(schema.WHILE_RELOADING):
            _conflict(
                inspection,
                schema.WHILE_RELOADING,
                '`restart.while-reloading` needs `handover = "overlap"`',
                "with `replace` nothing accepts meanwhile: connections wait",
            )
        return
    asked_for = next(iter(_given(values, (schema.HANDOVER, schema.WHILE_RELOADING))), None)
    if asked_for is None or values.get(asked_for) is None or not _given(values, schema.TARGET_KEYS):
        return
    if not values.is_given(schema.APP):
        target = _given(values, schema.TARGET_KEYS)[0].path[-1]
        _conflict(inspection, asked_for, f"`{asked_for.spelled}` is for `app` targets only", f"this runs a `{target}`")
        return
    for other in _given(values, (schema.READY_HTTP, schema.LISTENING, schema.STARTED, schema.FINISHED)):
        line = inspection.line_of(other.path)
        _conflict(
            inspection,
            asked_for,
            f"`{asked_for.spelled}` needs an app that tells when it is ready",
            f"`{other.spelled}` is given on line {line}",
        )


def _conflict(inspection: Inspection, key: Key[object], message: str, label: str) -> None:
    inspection.report(key.path, Finding(Code.CONFLICT, message, label, "leave one of the two out", on=On.KEY))


def _drained_in_time(inspection: Inspection, values: Values) -> None:
    drain, stop = values.get(schema.DRAIN_TIMEOUT), values.get(schema.STOP_TIMEOUT)
    if drain is not None and stop is not None and drain >= stop:
        inspection.report(
            schema.DRAIN_TIMEOUT.path,
            Finding(
                Code.OUT_OF_RANGE,
                "`restart.drain-timeout` is not over before `restart.stop-timeout`",
                f"expected less than {stop:g}",
                f"write `stop-timeout = {drain + 1:g}`",
            ),
        )


def _growing_backoff(inspection: Inspection, values: Values) -> None:
    first, most = values.get(schema.BACKOFF_FIRST), values.get(schema.BACKOFF_MOST)
    if first is not None and most is not None and most < first:
        blamed = schema.BACKOFF_MOST if values.is_given(schema.BACKOFF_MOST) else schema.BACKOFF_FIRST
        inspection.report(
            blamed.path,
            Finding(
                Code.OUT_OF_RANGE,
                "the longest wait of `restart.backoff` is shorter than the first",
                f"`first` is {first:g}, `most` is {most:g}",
                "make `most` the larger one",
            ),
        )


def _own_addresses(inspection: Inspection, values: Values) -> None:
    """No two sockets of one profile at one address."""
    holders: dict[Address, str] = {}
    for name, address in values.sockets():
        holder = holders.setdefault(address, name)
        if holder != name and is_concrete(address):
            inspection.report(
                ("listen", name),
                Finding(
                    Code.DUPLICATE,
                    f"`listen.{holder}` and `listen.{name}` have one address",
                    f"first given on line {inspection.line_of(('listen', holder))}",
                    "give each socket a port of its own",
                ),
            )


RULES = (
    _one_target,
    _app_only,
    _app_needs_http,
    _tls,
    _one_kind_of_tls,
    _able_server,
    _one_way_to_be_ready,
    _ready_at_a_socket,
    _started_in_time,
    _may_finish,
    _overlap,
    _drained_in_time,
    _growing_backoff,
    _own_addresses,
)


def hold_relations(inspection: Inspection, values: Values) -> None:
    """Report every rule that the values break."""
    for rule in RULES:
        rule(inspection, values)
