"""The page of traps names code and tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/traps.md").read_text()


def test_every_test_that_is_named_is_one() -> None:
    named = re.findall(r"`(test_\w+)::(test_\w+)`", PAGE)
    files = {path.stem: path.read_text() for path in (ROOT / "tests").glob("*/test_*.py")}
    assert len(named) > 30
    assert [one for one in named if f"def {one[1]}(" not in files.get(one[0], "")] == []


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(\w+/[\w/]+\.py)`", PAGE))
    assert len(named) > 15
    assert [one for one in named if not (ROOT / "gitops_canary" / one).is_file()] == []
