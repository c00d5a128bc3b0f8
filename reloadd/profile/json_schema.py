"""The schema as JSON Schema, so that editors complete the keys of a profile and underline what is wrong.

Made from the one table of keys, and shipped beside this module as `profile.schema.json`, because editors want a file.
It is never stricter than reading a profile is: what it refuses is wrong, what it accepts may still be.
"""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.profile import schema
from reloadd.profile.formats import SOCKET_NAME

if TYPE_CHECKING:
    from reloadd.profile.key import Key

_Form = dict[str, object]

FILE = Path(__file__).with_name("profile.schema.json")
"""The shipped file."""

_DRAFT = "http://json-schema.org/draft-07/schema#"
"""What the language servers for TOML understand; later drafts they only accept."""

_NEEDS: dict[tuple[str, ...], _Form] = {
    ("target",): {"oneOf": [{"required": [key.path[-1]]} for key in schema.TARGET_KEYS]},
    ("listen",): {
        "dependencies": {
            "tls-cert": ["tls-key"],
            "tls-key": ["tls-cert"],
        }
    },
    ("ready",): {"minProperties": 1, "maxProperties": 1},
}
"""What the keys of a table have to do with each other, as far as JSON Schema says it in few words."""

_AN_APP_NEEDS_HTTP = {
    "if": {"required": ["target"], "properties": {"target": {"type": "object", "required": ["app"]}}},
    "then": {"required": ["listen"], "properties": {"listen": {"required": ["http"]}}},
}


def make_json_schema() -> _Form:
    """The schema of a whole profile."""
    return {
        "$schema": _DRAFT,
        "title": "A profile of reloadd",
        **_table((), "One app: what to run, what to watch, where to listen, and when to start it again."),
        "required": ["target"],
        **_AN_APP_NEEDS_HTTP,
    }


def json_schema_text() -> str:
    """The same as text, as the shipped file has it."""
    return json.dumps(make_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _table(path: tuple[str, ...], doc: str) -> _Form:
    properties: _Form = {}
    others: _Form | bool = False
    for key in schema.KEYS:
        if key.path[:-1] == path and key.path[-1] == schema.ANY_NAME:
            others = _key(key)
        elif key.path[:-1] == path:
            properties[key.path[-1]] = _key(key)
    for table in schema.TABLES:
        if table.path[:-1] == path:
            properties[table.path[-1]] = _table(table.path, table.doc)
    form: _Form = {"type": "object", "description": doc, "properties": properties, "additionalProperties": others}
    if others:
        form["propertyNames"] = {"pattern": f"^{SOCKET_NAME}$"}
    return {**form, **_NEEDS.get(path, {})}


def _key(key: Key[object]) -> _Form:
    if key.default is not None:
        default = key.default.value if isinstance(key.default, Enum) else key.default
        return {"description": key.doc, **key.kind.form, "default": default}
    default = "" if key.otherwise is None else f" Default: {key.otherwise}."
    return {"description": key.doc + default, **key.kind.form}
