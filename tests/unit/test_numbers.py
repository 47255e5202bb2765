"""Samples as numbers: what is none is told in words, and never at length."""

from decimal import Decimal

from gitops_canary.core.numbers import number, whole


def test_what_is_no_number_is_told_by_its_first_forty_characters() -> None:
    assert number("x" * 41) == f"the value '{'x' * 40}' is not a number"
    assert number("x" * 40) == f"the value '{'x' * 40}' is not a number"


def test_numbers_end_where_nobody_counts_any_more() -> None:
    assert number("999999999999999999999") == Decimal(10) ** 21 - 1
    for text in ("1e21", "-1e21"):
        assert number(text) == f"the value {text} is beyond belief"
    assert whole("1e21") == "the value 1e21 is beyond belief"


def test_a_counter_is_never_negative() -> None:
    assert (whole("0"), whole("-1")) == (0, "the counter is -1")
