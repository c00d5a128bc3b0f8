"""The verb `schema`: print the JSON Schema of a profile, or say where its file is. Never reads a profile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reloadd.cli.parser import make_parser, parse_all
from reloadd.profile.json_schema import FILE, json_schema_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd schema",
        usage="reloadd schema [options]",
        description="Print the JSON Schema of a profile, which lets editors complete its keys and\n"
        "show mistakes. A profile names it in its first line: #:schema FILE",
        epilog=_EPILOG,
    )
    parser.add_argument("--path", action="store_true", help="print where the file with it is")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print it; returns the exit status."""
    found = parse_all(make(), arguments)
    sys.stdout.write(f"{FILE}\n" if found.path else json_schema_text())
    return 0


_EPILOG = """\
examples:
  reloadd schema > profile.schema.json       to keep it beside the profiles
  reloadd schema --path                      the file to name in `#:schema`

exit status:
  0  it was printed    2  an argument is wrong
"""
