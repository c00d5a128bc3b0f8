"""Include globs as one regular expression, and the directories that can hold a match; names as patterns of .gitignore.

Pure text: paths are relative to a root, with `/` between names and none in front. Never looks at a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ANY_DIRECTORIES = "(?:[^/]+/)*"
_EVERYTHING_BELOW = "[^/].*"
_WITHIN_A_NAME = {"*": "[^/]*", "?": "[^/]"}
_CLASS = re.compile(r"\[(?P<negated>[!^]?)(?P<members>\]?[^\]]*)\]")
_NOTHING = "(?!)"


@dataclass(frozen=True, slots=True)
class Includes:
    """Which files matter by their names. Made by `compile_includes`.

    Attributes:
        are_of_names: whether a file's own name decides, wherever it lies.
        files: is matched whole by the path of a file that matters.
        directories: the same of a directory below which such a file can be; the root is the empty text.
    """

    are_of_names: bool
    files: re.Pattern[str]
    directories: re.Pattern[str]

    def matches(self, path: str) -> bool:
        """Whether a file at `path` matters."""
        return self.files.fullmatch(path) is not None

    def may_contain(self, directory: str) -> bool:
        """Whether a file that matters can be anywhere below `directory`."""
        return self.directories.fullmatch(directory) is not None


def compile_includes(globs: Iterable[str]) -> Includes:
    """Translate globs once, so that asking costs the same however many there are.

    `*`, `?` and `[...]` stay within a name, `**` as a whole name crosses directories, and case counts. A glob without a
    slash matches at any depth, as in gitignore(5); one that ends in a slash stands for everything below.
    """
    names = [_names(glob) for glob in globs]
    files = _any_file_expression(names)
    directories = "|".join(_directory_expression(each) for each in names)
    nothing = None if names else _NOTHING
    return Includes(
        all(above == ["**"] for *above, _ in names),
        re.compile(nothing or files, re.DOTALL),
        re.compile(nothing or directories, re.DOTALL),
    )


def literal_pattern(name: str) -> str:
    """A pattern of .gitignore that matches this name, or path, to the letter."""
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", name)


def _names(glob: str) -> list[str]:
    """The glob's names from the root down, with what its form implies spelled out."""
    text = glob.removeprefix("./")
    at_any_depth = "/" not in text
    names = [name for name in text.split("/") if name not in {"", "."}]
    if text.endswith("/") or not names:
        names.append("**")
    return ["**", *names] if at_any_depth else names


def _any_file_expression(globs: Sequence[list[str]]) -> str:
    """What matches a file for any of the globs.

    The depth is looked for once for all that match at any depth, so that a name that none of a dozen matches takes
    a third of the time.
    """
    anywhere = [_file_expression(below) for first, *below in globs if first == "**" and below]
    expressions = [_file_expression(names) for names in globs if names[0] != "**" or not names[1:]]
    if anywhere:
        expressions.append(f"{_ANY_DIRECTORIES}(?:{'|'.join(anywhere)})")
    return "|".join(expressions)


def _file_expression(names: Sequence[str]) -> str:
    *above, last = names
    directories = "".join(_ANY_DIRECTORIES if name == "**" else _name_expression(name) + "/" for name in above)
    return directories + (_EVERYTHING_BELOW if last == "**" else _name_expression(last))


def _directory_expression(names: Sequence[str]) -> str:
    """Each beginning of the names above a file is a directory to look into; after `**`, each directory is."""
    above = names if names[-1] == "**" else names[:-1]
    expression = ""
    for position, name in reversed(list(enumerate(above))):
        separator = "/" if position else ""
        here = ".*" if name == "**" else _name_expression(name) + expression
        expression = f"(?:{separator}{here})?"
    return expression


def _name_expression(name: str) -> str:
    """One name of a glob; a `[` that is never closed stands for itself, as in a shell."""
    expression, position = "", 0
    while position < len(name):
        found = _CLASS.match(name, position)
        if found:
            expression += _class_expression(found["members"], negated=bool(found["negated"]))
            position = found.end()
        else:
            character = name[position]
            expression += _WITHIN_A_NAME.get(character, re.escape(character))
            position += 1
    return expression


def _class_expression(members: str, *, negated: bool) -> str:
    """A range that runs backwards holds nothing, as in fnmatch(3); a class never stands for a slash."""
    parts, position = [], 0
    while position < len(members):
        if members[position + 1 : position + 2] == "-" and position + 2 < len(members):
            first, last = members[position], members[position + 2]
            parts.append(f"{re.escape(first)}-{re.escape(last)}" if first <= last else "")
            position += 3
        else:
            parts.append(re.escape(members[position]))
            position += 1
    inside = "".join(parts)
    if negated:
        return f"[^/{inside}]"
    return f"(?!/)[{inside}]" if inside else _NOTHING
