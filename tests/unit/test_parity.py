"""The comparison with Flagger is the table that reads its documents, and no field is left out."""

from pathlib import Path

from gitops_canary.manifest.fields import Status
from gitops_canary.manifest.flagger_fields import CANARY, METRIC_TEMPLATE
from gitops_canary.manifest.parity import BETTER, FILE, text, word

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_made_from_the_tables() -> None:
    assert (ROOT / FILE).read_text() == text(), (
        "the tables changed; run: python -c 'from gitops_canary.manifest import parity; "
        'open(parity.FILE, "w").write(parity.text())\''
    )


def test_every_field_has_its_row_and_its_reason() -> None:
    page = text()
    for leaf in (*CANARY.fields, *METRIC_TEMPLATE.fields):
        assert f"`{leaf.path.rpartition('.')[2]}`" in page or f"`{leaf.path}`" in page, leaf.path
        assert leaf.why, leaf.path
    honoured = {leaf.path for leaf in CANARY.fields if leaf.status is Status.HONOURED}
    assert set(BETTER) <= honoured
    assert {word(leaf) for leaf in CANARY.fields} == {
        "same",
        "better",
        "in Git",
        "refused",
        "refused*",
    }
