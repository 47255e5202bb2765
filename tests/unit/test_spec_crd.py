"""The CRD in the repository is the one the reading table makes."""

from pathlib import Path

from gitops_canary.manifest import crd


def test_the_file_is_what_the_table_makes() -> None:
    root = Path(__file__).resolve().parents[2]
    assert (root / crd.FILE).read_text() == crd.text()
