import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from gitops_canary.core.canonical import canonical, reformed

NUMBERS = some.integers(-(2**53) + 1, 2**53 - 1) | some.floats(-1e6, 1e6)
JSON = some.recursive(
    some.none() | some.booleans() | NUMBERS | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_the_fast_way_gives_the_same_form(value: Any) -> None:
    written = rfc8785.dumps({"any": value})

    assert canonical({"any": value}) == written
    assert canonical(value) == rfc8785.dumps(value)
    assert reformed(written) == (json.loads(written), written)


@given(JSON)
def test_another_spelling_is_brought_to_the_same_form(value: object) -> None:
    spelled = json.dumps({"any": value}, indent=1).encode()

    assert reformed(spelled)[1] == canonical({"any": value})


def test_names_beyond_the_basic_plane_are_sorted_by_their_code_units() -> None:
    """RFC 8785 section 3.2.3: U+1F600 is written as U+D83D first, which is before U+FB33."""
    names = {"\ufb33": 1, "\U0001f600": 2}
    assert canonical(names) == '{"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("odd", [b"NaN", b"1e999", b"12345678901234567890", b'"\\ud800"'])
def test_what_has_no_canonical_form_is_refused(odd: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        reformed(b'{"a":' + odd + b"}")


@pytest.mark.parametrize(
    "odd", [float("nan"), float("-inf"), 2**53, -(2**53), "\ud800", Decimal(1)]
)
@pytest.mark.parametrize("place", [lambda odd: odd, lambda odd: [odd], lambda odd: {"a": odd}])
def test_what_has_no_canonical_form_is_not_written(
    odd: object, place: Callable[[object], object]
) -> None:
    with pytest.raises(ValueError, match=r".*"):
        canonical(place(odd))
