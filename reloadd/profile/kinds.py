"""The kinds of values that keys have: what each accepts, and what is said of anything else.

One kind serves many keys. Never knows a key by name: what a message needs of it comes in a `Subject`.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

from reloadd.profile.findings import Finding, RefusedError
from reloadd.profile.formats import misnamed_variable
from reloadd.profile.problems import Code
from reloadd.profile.words import found, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reloadd.profile.parse import TomlValue

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message says about the key whose value is read.

    Attributes:
        spelled: the key with its table, such as `watch.roots`.
        key: the key alone.
        example: a value it could have, as TOML.
    """

    spelled: str
    key: str
    example: str


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """One kind of value.

    Attributes:
        words: what it is, as in "must be a number of seconds".
        read: the value as the program uses it; raises `RefusedError`.
        form: the values as JSON Schema says them. It may let through what `read` refuses, never the other way round.
        choices: all values, where there are few.
    """

    words: str
    read: Callable[[Subject, TomlValue], T_co]
    form: Mapping[str, object]
    choices: tuple[str, ...] = ()


def _wrong_type(subject: Subject, words: str, value: TomlValue, hint: str | None = None) -> RefusedError:
    return RefusedError(
        Finding(
            Code.WRONG_TYPE,
            f"`{subject.spelled}` must be {words}",
            found(value),
            hint or f"write `{subject.key} = {subject.example}`",
        )
    )


def _string(subject: Subject, value: TomlValue, words: str) -> str:
    """Any string that a program can be given: not empty where nothing can be meant by it, and without NUL."""
    if not isinstance(value, str):
        raise _wrong_type(subject, words, value)
    if "\0" in value:
        raise RefusedError(
            Finding(
                Code.BAD_VALUE, f"`{subject.spelled}` holds a NUL character", "no program can be given it", "remove it"
            )
        )
    return value


def _read_text(subject: Subject, value: TomlValue) -> str:
    text = _string(subject, value, "a string")
    if not text:
        raise RefusedError(
            Finding(
                Code.BAD_VALUE,
                f"`{subject.spelled}` is empty",
                "expected text",
                f"write `{subject.key} = {subject.example}`",
            )
        )
    return text


TEXT = Kind("a string", _read_text, {"type": "string", "minLength": 1})


def formed(words: str, read: Callable[[str], T], pattern: str) -> Kind[T]:
    """A string with a form of its own, which `read` reads; `pattern` is the same as far as an expression can say it."""
    form = {"type": "string", "pattern": f"^(?:{pattern})$"}
    return Kind(words, lambda subject, value: read(_string(subject, value, words)), form)


def _read_true(subject: Subject, value: TomlValue) -> bool:
    if value is True:
        return True
    if value is False:
        raise RefusedError(
            Finding(Code.BAD_VALUE, f"`{subject.spelled}` can only be true", "expected `true`", "leave the key out")
        )
    raise _wrong_type(subject, "`true`", value)


TRUE = Kind("`true`", _read_true, {"const": True})


def _read_flag(subject: Subject, value: TomlValue) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(subject, "`true` or `false`", value, _flag_hint(subject, value))
    return value


_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})


def _flag_hint(subject: Subject, value: TomlValue) -> str | None:
    """For a word that other formats have for it, what is meant by it."""
    word = str(value).lower()
    meant = "true" if word in _YES else "false" if word in _NO else None
    return f"write `{subject.key} = {meant}`" if meant else None


FLAG = Kind("`true` or `false`", _read_flag, {"type": "boolean"})


def whole(*, least: int) -> Kind[int]:
    """A whole number that is not below `least`."""

    def read(subject: Subject, value: TomlValue) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(subject, "a whole number", value)
        if value < least:
            raise _out_of_range(subject, f"expected {least} or more")
        return value

    return Kind("a whole number", read, {"type": "integer", "minimum": least})


def number(words: str, *, least: float = 0.0, above: float | None = None) -> Kind[float]:
    """A finite number that is not below `least`, and greater than `above`."""

    def read(subject: Subject, value: TomlValue) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _wrong_type(subject, words, value, _duration_hint(subject, value))
        if not math.isfinite(value):
            raise _out_of_range(subject, "expected a finite number")
        if value < least:
            raise _out_of_range(subject, f"expected {least:g} or more")
        if above is not None and value <= above:
            raise _out_of_range(subject, f"expected more than {above:g}")
        return float(value)

    bound = {"minimum": least} if above is None else {"exclusiveMinimum": above}
    return Kind(words, read, {"type": "number", **bound})


_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|sec|secs|seconds?|m|min|minutes?)\s*")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def _duration_hint(subject: Subject, value: TomlValue) -> str | None:
    """For a duration with a unit, such as "500ms", the same in seconds."""
    duration = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if duration is None:
        return None
    unit = duration[2] if duration[2] == "ms" else duration[2][0]
    return f"write `{subject.key} = {float(duration[1]) * _UNIT_SECONDS[unit]:g}`"


def _out_of_range(subject: Subject, expected: str) -> RefusedError:
    return RefusedError(
        Finding(
            Code.OUT_OF_RANGE,
            f"`{subject.spelled}` is out of range",
            expected,
            f"write `{subject.key} = {subject.example}`",
        )
    )


def choice(names: Sequence[str]) -> Kind[str]:
    """One of a few strings."""
    choices = tuple(names)

    def read(subject: Subject, value: TomlValue) -> str:
        if not isinstance(value, str):
            raise _wrong_type(subject, "a string", value, _choice_hint(subject, choices, value))
        name = _string(subject, value, "a string")
        if name not in choices:
            near = nearest(name.lower(), choices) or nearest(name.upper(), choices) or nearest(f"SIG{name}", choices)
            raise RefusedError(
                Finding(
                    Code.BAD_CHOICE,
                    f"`{subject.spelled}` has no choice `{name}`",
                    f"expected {listed(choices)}",
                    f"did you mean `{near}`?" if near else None,
                )
            )
        return name

    return Kind("a string", read, {"enum": list(choices)}, choices)


_OFF = frozenset({"off", "never"})


def _choice_hint(subject: Subject, choices: Sequence[str], value: TomlValue) -> str | None:
    """For `false`, what turns it off, and for `true`, all that does not."""
    if not isinstance(value, bool) or not _OFF.intersection(choices):
        return None
    meant = [name for name in choices if (name in _OFF) is not value]
    return f"write {listed([f'{subject.key} = {json.dumps(name)}' for name in meant])}"


def member(of: type[E]) -> Kind[E]:
    """One of an enum's members, by its value."""
    names = choice([str(each.value) for each in of])
    return Kind(names.words, lambda subject, value: of(names.read(subject, value)), names.form, names.choices)


def _read_texts(subject: Subject, value: TomlValue) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong_type(subject, "an array of strings", value, _array_hint(subject, value))
    findings: list[Finding] = []
    texts: list[str] = []
    for index, item in enumerate(value):
        try:
            each = Subject(f"{subject.spelled}[{index}]", subject.key, subject.example)
            texts.append(_string(each, item, "a string"))
        except RefusedError as refused:
            findings += [finding.within(index) for finding in refused.findings]
    if findings:
        raise RefusedError(*findings)
    return tuple(texts)


def _array_hint(subject: Subject, value: TomlValue) -> str | None:
    """For a line as a shell takes it, the same as an array."""
    if not isinstance(value, str):
        return None
    try:
        words = shlex.split(value)
    except ValueError:
        return None
    return f"write `{subject.key} = {json.dumps(words, ensure_ascii=False)}`" if words else None


_TEXTS_FORM = {"type": "array", "items": {"type": "string"}}
TEXTS = Kind("an array of strings", _read_texts, _TEXTS_FORM)


def _read_some_texts(subject: Subject, value: TomlValue) -> tuple[str, ...]:
    texts = _read_texts(subject, value)
    if not texts or not texts[0]:
        raise RefusedError(
            Finding(
                Code.BAD_VALUE,
                f"`{subject.spelled}` is empty",
                "expected at least one string",
                f"write `{subject.key} = {subject.example}`",
            )
        )
    return texts


SOME_TEXTS = Kind("an array of strings", _read_some_texts, {**_TEXTS_FORM, "minItems": 1})


def _read_variables(subject: Subject, value: TomlValue) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise _wrong_type(subject, "a table of strings", value)
    findings: list[Finding] = []
    variables: dict[str, str] = {}
    for name, text in value.items():
        misnamed = misnamed_variable(name)
        if misnamed is not None:
            findings.append(misnamed.within(name))
        try:
            variables[name] = _string(Subject(f"{subject.spelled}.{name}", name, _in_quotes(text)), text, "a string")
        except RefusedError as refused:
            findings += [finding.within(name) for finding in refused.findings]
    if findings:
        raise RefusedError(*findings)
    return variables


def _in_quotes(value: TomlValue) -> str:
    """The string that was most likely meant by a number or a boolean."""
    match value:
        case bool():
            return f'"{str(value).lower()}"'
        case int() | float():
            return f'"{value}"'
        case _:
            return '"value"'


VARIABLES = Kind("a table of strings", _read_variables, {"type": "object", "additionalProperties": {"type": "string"}})


def either(first: Kind[T], second: Kind[U]) -> Kind[T | U]:
    """A value of `second` if it is a string, else of `first`."""
    words = f"{first.words} or {second.words}"

    def read(subject: Subject, value: TomlValue) -> T | U:
        if isinstance(value, str):
            return second.read(subject, value)
        return first.read(subject, value)

    return Kind(words, read, {"anyOf": [first.form, second.form]})
