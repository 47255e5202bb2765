"""A person's reason is read from the commit that a verb wrote, and from no other."""

import pytest

from gitops_canary.core.asked import reason, whys
from gitops_canary.model.names import Revision

ASKED = "Abort of 0123456789ab, by `gitops-canary abort`."
NAME = Revision("a" * 40)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f"Abort prod/web\n\nbad feeling\n\n{ASKED}\n", "bad feeling"),
        (f"Abort (#7)\n\n* Abort prod/web\n\nbad\x1b[31m\n\n{ASKED}\n", "bad\\x1b[31m"),
        (f"Abort prod/web\n\n{ASKED}\n", None),
        (f"Abort prod/web\n\n{ASKED}\n\n{ASKED}\n", None),
        (f"Abort prod/web\n\nbad feeling\n\nI quote: {ASKED}\n", None),
        ("", None),
    ],
)
def test_the_paragraph_before_what_was_asked_is_the_reason(message: str, said: str | None) -> None:
    found = whys([(NAME, message)])

    expected = {("abort", "0123456789ab"): f"Commit {NAME[:12]} says: {said}"} if said else {}
    assert found == expected


def test_the_newest_word_counts_and_a_promotion_has_its_own() -> None:
    def asking(reason: str, asked: str = ASKED) -> tuple[Revision, str]:
        return NAME, f"Title\n\n{reason}\n\n{asked}\n"

    promotion = (
        "Override: promotion of 0123456789ab without the checks that are left, by "
        "`gitops-canary promote --override`."
    )

    found = whys([asking("new"), asking("old"), asking("incident", promotion)])

    assert [text.partition(": ")[2] for text in found.values()] == ["new", "incident"]
    assert set(found) == {("abort", "0123456789ab"), ("promote", "0123456789ab")}


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({"action": "abort", "verdict": "none"}, "It ends. Bad feeling."),
        ({"action": "abort", "verdict": "fail"}, "It ends."),
        ({"action": "retreat", "verdict": "none"}, "It ends."),
        ({"action": "advance", "verdict": "none"}, "It ends."),
        ({"action": "promote", "verdict": "none", "override": "o"}, "It ends. Incident."),
    ],
)
def test_a_person_s_reason_stands_beside_what_they_asked_for(
    decision: dict[str, str], said: str
) -> None:
    known = {("abort", "0123"): "Bad feeling.", ("promote", "0123"): "Incident."}
    assert reason({"reason": "It ends.", "rollout": "0123", **decision}, known) == said
