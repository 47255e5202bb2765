"""Instants, weights, spans and foreign words as people read them."""

from decimal import Decimal

import pytest

from gitops_canary.core.text import (
    LINE_WIDTH,
    duration,
    instant_ms,
    iso,
    one_line,
    paragraph,
    percent,
    shorten_middle,
)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_000, "1970-01-01T00:00:01Z"),
        (1_770_000_000_050, "2026-02-02T02:40:00.050Z"),
    ],
)
def test_an_instant_has_milliseconds_only_where_there_are_any(at_ms: int, text: str) -> None:
    assert iso(at_ms) == text
    assert instant_ms(text) == at_ms


@pytest.mark.parametrize(
    "text",
    ["", "Z", "now", "2026-02-02T02:40:00", "2026-02-02T02:40:00.25Z", "2026-02-02T02:40:00.000Z",
     "2026-02-02T02:40:00+00:00Z", "2026-02-02T02:40:00.-50Z", "٢026-02-02T02:40:00Z",
     "2026-02-02T02:40:00.٢50Z", f"2026-02-02T02:40:00.{'9' * 20}Z", "2026-02-02T02:40:00.2500Z",
     "2026-02-02 02:40:00Z", "2026-02-02T02:40:00z"],
)  # fmt: skip
def test_only_what_was_written_that_way_is_read_as_an_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        instant_ms(text)


@pytest.mark.parametrize(
    ("weight", "text"),
    [("10.500", "10.5"), ("100", "100"), ("0.0", "0"), ("1E+2", "100"), ("0.001", "0.001"),
     ("10", "10"), ("12.50", "12.5")],
)  # fmt: skip
def test_a_weight_is_written_without_zeros_and_exponents(weight: str, text: str) -> None:
    assert percent(Decimal(weight)) == text


@pytest.mark.parametrize(
    ("raw", "safe"),
    [("plain ü…", "plain ü…"), ("a\nb", "a\\x0ab"), ("\x1b[1m", "\\x1b[1m"), ("\x7f", "\\x7f"),
     ("\xad", "\\xad"), ("\xff", "\xff"), ("Ā", "Ā"), ("\u2028", "\\u2028"), ("\u0378", "\\u0378"),
     ("\u202e", "\\u202e")],
)  # fmt: skip
def test_foreign_words_stay_on_their_line(raw: str, safe: str) -> None:
    assert one_line(raw) == safe


def test_a_paragraph_is_as_wide_as_a_commit_message_and_breaks_no_word() -> None:
    lines = paragraph(" ".join(["word"] * 40)).split("\n")
    assert LINE_WIDTH == 72
    assert max(map(len, lines)) == 69  # 14 words and their spaces; a 15th would make 74
    word = "x" * 100
    assert paragraph(f"a {word} b") == f"a\n{word}\nb"
    assert paragraph("") == ""
    assert paragraph("--- no divider") == " --- no divider"
    assert paragraph("-- none") == "-- none"


def test_a_line_of_exactly_the_width_is_not_broken() -> None:
    assert "\n" not in paragraph("a" * 35 + " " + "b" * 36)
    assert "\n" in paragraph("a" * 36 + " " + "b" * 36)


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [("abcdef", 6, "abcdef"), ("abcdef", 5, "ab…ef"), ("abcdef", 4, "ab…f"), ("abcdef", 3, "a…f"),
     ("abcdef", 1, "a…f"), ("abcdefgh", 7, "abc…fgh")],
)  # fmt: skip
def test_the_middle_is_cut_out(text: str, width: int, short: str) -> None:
    assert shorten_middle(text, width) == short


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [(0, "0ms"), (999, "999ms"), (1_000, "1s"), (1_001, "1001ms"), (59_000, "59s"), (60_000, "1m"),
     (61_000, "61s"), (3_599_000, "3599s"), (3_600_000, "1h"), (3_660_000, "61m"),
     (7_200_000, "2h")],
)  # fmt: skip
def test_a_duration_has_the_largest_unit_that_is_exact(span_ms: int, text: str) -> None:
    assert duration(span_ms) == text
