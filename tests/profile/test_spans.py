"""The scanner of places, held to the parser: what it points at is what the parser read."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import tomli

from reloadd.profile.spans import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.profile.parse import TomlValue
    from reloadd.profile.spans import KeyPath

DOCUMENTS = {
    "plain values": 'a = 1\nb = -2.5e3 # three\nc = true\nd = inf\ne = "x"\nf = 0xff\n',
    "dates": "a = 1979-05-27 07:32:00Z\nb = [1979-05-27 07:32:00.5+01:00]\nc = 1979-05-27\nd = 07:32:00\n",
    "dotted and quoted keys": 'a.b . c = 1\n"x y".\'z.w\' = 2\n"q\\u0041\\"" = 3\n"" = 4\n',
    "strings": 'a = "q \\" # ]"\nb = \'c:\\\'\ne = ""\nf = \'\'\n',
    "long strings": 'c = \'\'\'x\n\'y\'\'\'\'\'\nd = """\n\\""" \\\n  z"""""\ng = """"""\n',
    "strings within long strings": 'a = """x = 1\n[b]\n"""\nc = 2\n',
    "arrays": 'a = [ 1, # one\n  "]", [2, [3]], {b = [4]},\n]\nc = []\n',
    "inline tables": "a = { b = 1, c.d = { e = 'x' }, }\nf = {}\ng = {\n  h = 1, # c\n  i = 2\n}\n",
    "tables": "[a]\nb = 1\n[a.c.d] # x\ne = 2\n[ f . 'g' ]\nh = 3\n",
    "arrays of tables": "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\nf = 4\n[[a.e]]\nf = 5\n",
    "nothing": "",
    "comments alone": "# a = 1\n  # [b]",
    "no newline at the end": "a = 1",
    "tabs and wide characters": '\ta\t=\t"漢字"\t\n[ "é" ]\nb = "👩‍👩‍👧"\n',
}


def leaves(value: TomlValue, path: KeyPath = ()) -> Iterator[tuple[KeyPath, TomlValue]]:
    """Every value in a document that holds no other, with its path."""
    match value:
        case dict():
            for name, each in value.items():
                yield from leaves(each, (*path, name))
        case list():
            for index, each in enumerate(value):
                yield from leaves(each, (*path, index))
        case _:
            yield path, value


def hold_to_parser(text: str) -> int:
    """Compare every leaf of `text` with what stands at its span; returns how many there are."""
    spans = scan(text)
    count = 0
    for path, value in leaves(tomli.loads(text)):
        span = spans.values[path]
        assert tomli.loads(f"x = {text[span.start : span.end]}") == {"x": value}, path
        if isinstance(path[-1], str):
            key = spans.keys[path]
            assert tomli.loads(f"{text[key.start : key.end]} = 1") == {path[-1]: 1}, path
        count += 1
    assert not spans.repeated
    assert spans.unclosed is None
    return count


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_span_holds_the_value_that_the_parser_read(name: str) -> None:
    """The text of a span, parsed alone, is the value; the text of a key's span is the key."""
    text = DOCUMENTS[name]

    count = hold_to_parser(text)

    assert (count > 0) == ("=" in text.replace("# a = 1", ""))


class Writer:
    """Writes random documents in random spelling."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def document(self) -> str:
        """Some pairs, then some tables with pairs."""
        lines = [self.pair(f"k{index}") for index in range(self.random.randrange(4))]
        for index in range(self.random.randrange(5)):
            header = f"[t{index}]" if self.random.random() < 0.7 else "[[many]]"
            lines += [self.blank() + header + self.comment()]
            lines += [self.pair(f"k{each}") for each in range(self.random.randrange(4))]
        return "\n".join(lines)

    def pair(self, name: str) -> str:
        """A key in one of its spellings, with a value."""
        key = self.random.choice([name, f'"{name}"', f"'{name}'", f"{name} . x", f'{name}."y.z"'])
        return f"{self.blank()}{key}{self.blank()}={self.blank()}{self.value(3)}{self.comment()}"

    def value(self, depth: int) -> str:
        """A plain value, an array or an inline table."""
        plain = [
            "1",
            "-2.5",
            "true",
            '"a # b"',
            "'it'",
            '"""x\ny"""',
            "'''a\n'b'''",
            "2026-01-02 03:04:05",
        ]
        if depth == 0 or self.random.random() < 0.5:
            return self.random.choice(plain)
        items = [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        if self.random.random() < 0.5:
            return "[" + ",".join(f"{self.space()}{item}{self.space()}" for item in items) + "]"
        pairs = [f"i{index}{self.blank()}={self.blank()}{item}" for index, item in enumerate(items)]
        return "{" + ",".join(f"{self.blank()}{pair}{self.blank()}" for pair in pairs) + "}"

    def blank(self) -> str:
        """Nothing, or what may stand within a line."""
        return self.random.choice(["", " ", "\t "])

    def space(self) -> str:
        """Nothing, or what may stand within an array."""
        return self.random.choice(["", " ", "\n  ", " # c ]\n"])

    def comment(self) -> str:
        """Nothing, or a comment that looks like more."""
        return self.random.choice(["", " # x = [1"])


def test_random_documents_are_scanned_as_they_are_parsed() -> None:
    """Of many documents in random spelling, every leaf is where the scanner says; the seed names one that is not."""
    total = 0
    for seed in range(400):
        text = Writer(seed).document()
        try:
            total += hold_to_parser(text)
        except (AssertionError, KeyError) as error:
            raise AssertionError(f"seed {seed}: {text}") from error

    assert total > 1000


def test_headers_are_spans_with_their_brackets() -> None:
    """A table's header is found under the table's path, an array's under its index."""
    text = "[a]\n\n[a.b]\n[[c]]\n[[c]]\n"

    spans = scan(text)

    assert {path: text[span.start : span.end] for path, span in spans.headers.items()} == {
        ("a",): "[a]",
        ("a", "b"): "[a.b]",
        ("c", 0): "[[c]]",
        ("c", 1): "[[c]]",
    }


@pytest.mark.parametrize("text", ["a = [1, {b = 'x", 'a = """', "a = [", "a = {", "a", "[", "= =", 'a = "\\'])
def test_text_that_is_no_toml_ends_the_scan_in_peace(text: str) -> None:
    """A document that cannot be followed raises nothing and gives what stands before the break."""
    spans = scan("z = 1\n" + text)

    assert spans.values["z",].start == 4
