"""Which files the controller may touch, and that the page of hostile Git names tests there are."""

import re
from pathlib import Path

import pytest

from gitops_canary.manifest.bindings import allowed

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "hostile-git.md"


@pytest.mark.parametrize(
    ("file", "path", "fine"),
    [
        ("apps/web/a.yaml", "apps/web", True),
        ("apps/web/a.yaml", "apps/web/", True),
        ("apps/web-evil/a.yaml", "apps/web", False),
        ("apps/webevil.yaml", "apps/web", False),
        ("Apps/Web/a.yaml", "apps/web", False),
        ("apps/WEB/a.yaml", "apps/web", False),
        ("other/apps/web/a.yaml", "apps/web", False),
        ("apps", "apps/web", False),
    ],
)
def test_paths_are_compared_name_by_name(file: str, path: str, *, fine: bool) -> None:
    assert allowed(file, [path]) is fine


def test_every_row_of_hostile_git_names_tests_there_are() -> None:
    rows = re.findall(r"^\| (B\d\d) \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    assert [row for row, _ in rows] == [f"B{number:02}" for number in range(1, 36)]
    for row, text in rows:
        named = re.findall(r"`((?:unit|integration|stories)/[\w./]+)(?:::(\w+))?`", text)
        assert named, row
        for file, test in named:
            body = (ROOT / "tests" / file).read_text()
            assert not test or f"def {test}(" in body, (row, file, test)
