"""The quarantine file."""

from dataclasses import replace

import pytest

from gitops_canary.errors import SpecError
from gitops_canary.manifest import quarantine
from gitops_canary.manifest.quarantine import Entry
from gitops_canary.model.names import CanaryId, Digest, RolloutId

ENTRY = Entry(
    canary=CanaryId("prod/shop"),
    digest=Digest("sha256:aa"),
    version="app=acme/shop:1.2.0",
    rollout=RolloutId("0123456789ab"),
    reason="too\u2028slow\n",
    date="2026-01-01T00:00:00Z",
    expires="2026-04-01T00:00:00Z",
)


def test_an_entry_is_one_line_and_reads_back() -> None:
    text = quarantine.add("", ENTRY)

    assert len(text.splitlines()) == 1
    assert quarantine.parse(text) == (ENTRY,)
    assert quarantine.add(text, ENTRY) == text
    assert quarantine.lift(text, ENTRY.rollout) == ""


@pytest.mark.parametrize(
    ("canary", "digest", "kept_out"),
    [("prod/shop", "sha256:aa", True), ("prod/shop", "sha256:bb", False),
     ("prod/cart", "sha256:aa", False)],
)  # fmt: skip
def test_bars_the_same_values_of_the_same_canary(
    canary: str, digest: str, *, kept_out: bool
) -> None:
    found = quarantine.barring((ENTRY,), CanaryId(canary), Digest(digest))

    assert (found is ENTRY) is kept_out


def test_of_several_entries_the_longest_bars_and_the_newest_of_equals() -> None:
    longer = replace(ENTRY, expires="2026-05-01T00:00:00Z")
    again = replace(longer, rollout=RolloutId("ba9876543210"))
    short = replace(ENTRY, rollout=RolloutId("c" * 12))
    every = (longer, again, short)

    assert quarantine.barring(every, ENTRY.canary, ENTRY.digest) is again


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"canary": 1}', "null"])
def test_a_broken_line_is_an_error_with_its_place(line: str) -> None:
    with pytest.raises(SpecError) as error:
        quarantine.parse(quarantine.add("", ENTRY) + line)

    assert error.value.place is not None
    assert error.value.place.line == 2


def test_a_broken_line_hides_no_other_one() -> None:
    entries, wrong = quarantine.legible("<<<<<<< ours\n" + quarantine.add("", ENTRY) + "=======\n")

    assert entries == (ENTRY,)
    assert wrong is not None
    assert wrong.place is not None
    assert wrong.place.line == 1
