"""The file that says which losses of history are meant, and what an evidence commit names."""

import pytest

from gitops_canary.core.footing import Footing, anchor, anchored, kept, lost
from gitops_canary.errors import SpecError
from gitops_canary.manifest import accepted
from gitops_canary.manifest.accepted import Acceptance
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Revision

A, B, C, D = (Revision(letter * 40) for letter in "abcd")
LINE = [A, B, C]
"""A branch, oldest first; D is somewhere else."""


def contains(revision: Revision, ancestor: Revision) -> bool:
    known = revision in LINE and ancestor in LINE
    return known and LINE.index(ancestor) <= LINE.index(revision)


def before(tip: Revision, move: Revision | None = None, anchor: Revision | None = None) -> Footing:
    return Footing(tip=tip, move=move, evidence=D, anchor=anchor)


def test_an_acceptance_is_one_line_and_reads_back() -> None:
    one = Acceptance(accepted=A, lost=B)
    text = accepted.add("", one)
    assert len(text.splitlines()) == 1
    assert accepted.parse(text) == (one,)
    assert accepted.add(text, one) == text
    two = Acceptance(accepted=A, lost=C)
    assert accepted.parse(accepted.add(text.rstrip(), two)) == (one, two)


@pytest.mark.parametrize(
    "line",
    ["x", "[]", "{}", f'{{"accepted": "{A}"}}', f'{{"accepted": "{A}", "lost": "bbb"}}',
     f'{{"accepted": "{A}", "lost": 1}}', f'{{"lost": "{A}", "accepted": "{B}"}}'],
)  # fmt: skip
def test_a_line_that_is_no_acceptance_is_named(line: str) -> None:
    with pytest.raises(SpecError) as error:
        accepted.parse(f"\n{line}\n")
    assert str(error.value.place) == ".gitops-canary/history:2:1"


def test_evidence_names_a_commit_of_one_branch() -> None:
    planned = PlannedCommit(files={}, message="evidence: x\n", at_ms=0)
    message = anchored(planned, A, "main").message
    assert message == f"evidence: x\n\nCanary-Tip: {A} main\n"
    assert anchor(message, "main") == A
    assert anchor(message, "other") is None
    assert anchor("evidence: x\n", "main") is None
    assert anchor(f" Canary-Tip: {A} main\nCanary-Tip: {A[:12]} main\n", "main") is None


@pytest.mark.parametrize(
    ("tip", "named", "footing", "whole", "gone"),
    [
        (C, None, None, True, None),  # nothing is known: nothing can be missing
        (C, C, None, True, None),
        (C, A, None, True, None),
        (A, C, None, True, C),  # forced back, and nobody remembers anything
        (D, C, None, True, C),  # another history
        (B, B, before(C, move=B, anchor=B), True, None),  # nothing was built on what is gone
        (B, A, before(C, move=C, anchor=A), True, C),  # a move that went without evidence
        (B, A, before(C, move=B, anchor=A), True, None),
        (B, B, before(C, move=B, anchor=B), False, C),  # the evidence branch was rewritten, too
        (B, None, before(C), True, C),  # no evidence: the whole branch has to be there
        (C, None, before(B), True, None),
        (C, B, before(B, move=B, anchor=B), True, None),
        (A, B, before(A, anchor=None), True, B),  # another controller's move is what is gone
    ],
)  # fmt: skip
def test_what_is_lost(
    tip: Revision, named: Revision | None, footing: Footing | None, whole: bool,
    gone: Revision | None,
) -> None:  # fmt: skip
    assert lost(tip, named, footing, whole=whole, contains=contains) == gone


def test_evidence_that_was_there_must_stay() -> None:
    footing = Footing(tip=A, move=None, evidence=B, anchor=None)
    assert kept(B, footing, contains)
    assert kept(C, footing, contains)
    assert not kept(A, footing, contains)
    assert not kept(None, footing, contains)
    assert kept(None, None, contains)
