"""What an abort's message says of the commit that brought the version."""

import pytest

from gitops_canary.core.undoing import Brought, part
from gitops_canary.model.names import Path, Revision, blob_id

HERE = Revision("5" * 40)
WEB, CART, ROUTE = Path("web.yaml"), Path("cart.yaml"), Path("route.yaml")
AFTER = {WEB: "image: web:1\n", ROUTE: "weight: 0\n"}
WAS, OTHER = blob_id(AFTER[WEB].encode()), blob_id(b"image: web:0\n")
ONLY = f"Of commit {HERE} only what this Canary owns is undone"

REST = "The rest of what it changed stays: cart.yaml."


def test_a_blob_is_named_as_by_git() -> None:
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ({WEB: WAS}, ""),
        ({WEB: WAS, CART: OTHER}, f"{ONLY}, in web.yaml. {REST}"),
        ({WEB: OTHER}, f"{ONLY}, in web.yaml. Whatever else stands there stays, too."),
        ({WEB: None}, f"{ONLY}, in web.yaml. Whatever else stands there stays, too."),
        ({CART: None}, f"{ONLY}. {REST}"),
        ({}, f"{ONLY}."),
    ],
    ids=["all", "two canaries", "edited since", "new", "elsewhere", "nothing"],
)  # fmt: skip
def test_only_what_is_undone_is_said_to_be(before: dict[Path, str | None], says: str) -> None:
    assert part(HERE, Brought(before=before), AFTER) == says  # type: ignore[arg-type]  # blob ids are text


def test_many_files_are_counted_and_none_can_break_its_line() -> None:
    paths = [Path(f"a{n}.yaml") for n in range(6)] + [Path("a\nb.yaml")]
    said = part(HERE, Brought(before=dict.fromkeys(paths)), AFTER)

    assert "a\\x0ab.yaml, a0.yaml, a1.yaml, a2.yaml, a3.yaml and 2 more files." in said
    assert "\n" not in said


def test_of_what_nobody_looked_at_no_more_is_claimed() -> None:
    said = part(HERE, None, AFTER)

    assert (
        said == f"Of commit {HERE} what this Canary owns is undone; whatever else it changed stays."
    )
