"""The drawing of problems, apart from what they say."""

from __future__ import annotations

from pathlib import Path

from reloadd.profile.problems import Code, Place, Problem, draw, place_in, shown_path

HERE = Path("/home/me/shop")


def problem(place: Place | None = None, *, file: str = "dev.toml", hint: str | None = None) -> Problem:
    """A problem in a file of the test's directory."""
    return Problem(HERE / file, place, Code.BAD_VALUE, "wrong", "this", hint)


def test_line_numbers_move_the_margin() -> None:
    """The bars stand under one another whatever the width of the line's number."""
    drawing = draw([problem(Place(120, 3, 2, "a bc d"), hint="do that")], directory=HERE)

    assert drawing == (
        "error: wrong\n"
        "   --> dev.toml:120:3\n"
        "    |\n"
        "120 | a bc d\n"
        "    |   ^^ this\n"
        "    = hint: do that\n"
        "\n"
        "dev.toml: 1 problem, nothing was started"
    )


def test_carets_stand_under_wide_and_combined_characters() -> None:
    """A caret is as wide on the screen as what it underlines: wide characters take two columns, accents none."""
    source = "\t漢 = 'e\N{COMBINING ACUTE ACCENT}' 店"

    drawing = draw([problem(Place(1, source.index("店") + 1, 1, source))], directory=HERE)

    assert drawing.splitlines()[3:5] == ["1 |     漢 = 'e\N{COMBINING ACUTE ACCENT}' 店", "  |              ^^ this"]


def test_control_characters_reach_no_terminal() -> None:
    """An escape sequence in a profile is drawn as replacement characters."""
    drawing = draw([problem(Place(1, 1, 1, "a\x1b[31mb"))], directory=HERE)

    assert "1 | a\N{REPLACEMENT CHARACTER}[31mb" in drawing
    assert "\x1b" not in drawing


def test_colour_adds_no_words() -> None:
    """Without its escape sequences, the coloured drawing is the plain one."""
    problems = [problem(Place(1, 1, 1, "a"), hint="do that"), problem()]
    coloured = draw(problems, directory=HERE, colour=True)

    plain = coloured
    for sequence in ("\x1b[1;31m", "\x1b[1m", "\x1b[34m", "\x1b[36m", "\x1b[0m"):
        assert sequence in plain
        plain = plain.replace(sequence, "")

    assert plain == draw(problems, directory=HERE)


def test_the_last_line_counts_files_and_problems() -> None:
    """Up to three files are named, more are counted; the outcome is the caller's."""
    few = [problem(file=name) for name in ("a.toml", "b.toml", "a.toml")]
    many = [problem(file=name) for name in ("a.toml", "b.toml", "c.toml", "d.toml")]

    assert draw(few, directory=HERE).endswith("\na.toml, b.toml: 3 problems, nothing was started")
    assert draw(many, directory=HERE, outcome="all runs on").endswith("\n4 files: 4 problems, all runs on")


def test_paths_are_shown_in_their_shorter_form() -> None:
    """A path is relative to the current directory unless it is shorter without."""
    assert shown_path(HERE / "profiles" / "dev.toml", HERE) == "profiles/dev.toml"
    assert shown_path(Path("/home/me/dev.toml"), HERE) == "../dev.toml"
    assert shown_path(Path("/a.toml"), HERE) == "/a.toml"


def test_a_place_over_several_lines_is_its_first_line() -> None:
    """Only what stands on the first line is underlined, and an empty part is underlined by one caret."""
    text = "a = 1\nb = [\n  1,\n]\n"

    assert place_in(text, 10, len(text) - 1) == Place(2, 5, 1, "b = [")
    assert place_in(text, len(text), len(text)) == Place(5, 1, 1, "")
