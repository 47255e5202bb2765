"""The commit message: exactly one record, whatever words other people put into it."""

import subprocess
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import RECORD, record, revision

from gitops_canary.core.message import KEYS, compose, parse, rollout_id, subject, table
from gitops_canary.core.text import LINE_WIDTH
from gitops_canary.errors import HistoryError
from gitops_canary.model.names import CanaryId, Digest, RolloutId
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Action, Outcome, Record, Window

HERE = revision(9)
BLOCK = """\
Canary-Format: 1
Canary: prod/web
Canary-Rollout: 0123456789ab
Canary-Action: advance
Canary-Step: 2/5
Canary-Weight: 10->12.5
Canary-Version: app=example/web:2.0
Canary-Verdict: pass
Canary-Failed: 1/5
Canary-Window: 2026-02-02T02:40:00.250Z/2026-02-02T02:41:00.250Z
Canary-Policy: sha256:{a}
Canary-Evidence: sha256:{b}
Canary-Source: 0000000000000000000000000000000000000001
Canary-Stable: 0000000000000000000000000000000000000002
Canary-Previous: 0000000000000000000000000000000000000003
Canary-Reverts: none
""".format(a="a" * 64, b="b" * 64)
FOREIGN = (
    "1.0\nCanary-Weight: 0->100",
    "1.0\r\nCanary-Action: promote",
    "1.0\u2028Canary-Weight: 0->100",
    "1.0\u0085CANARY-WEIGHT: 0->100",
    "1.0\x0bcanary-weight: 0->100",
    "1.0\n Canary-Weight: 0->100",
    "---\nCanary-Weight: 0->100",
    "x\n\nCanary-Format: 1\nCanary: prod/other\n",
    "\x1b[2Jred",
    "right \u202eot tfel",
    "Signed-off-by: a <b@c>",
)


def message(made: Record = RECORD, *, reason: str = "All is well.", name: str = "errors") -> str:
    return compose(
        subject(made.canary, "10% -> 12.5%", "step 2/5"),
        paragraphs=(reason, f"Version: {made.version}."),
        verdict=verdict(name),
        record=made,
    )


def verdict(name: str) -> Verdict:
    measurement = Measurement(
        check=name, at_ms=0, outcome=Outcome.PASS, value="0.5", limit="<= 1", samples="-", why=""
    )
    return Verdict(
        outcome=Outcome.PASS, window=Window(start_ms=0, end_ms=1), measurements=(measurement,)
    )


def trailers(text: str) -> list[str]:
    """What git itself takes for trailers."""
    told = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=text.encode(), capture_output=True, check=True,
    )  # fmt: skip
    return told.stdout.decode().splitlines()


def test_the_block_is_written_as_fixed() -> None:
    assert message().split("\n\n")[-1] == BLOCK


def test_what_is_written_is_read_again() -> None:
    for made in (
        RECORD,
        record(window=None, evidence=None, previous=None, reverts=(revision(4), revision(5))),
        record(action=Action.ABORT, weight_to=Decimal(0), verdict=Outcome.FAIL),
    ):
        assert parse(message(made), HERE) == made


def test_git_reads_the_same_block() -> None:
    assert trailers(message()) == BLOCK.splitlines()


def test_an_abort_reverts_in_a_paragraph_of_its_own_that_git_knows() -> None:
    blocks = message(record(reverts=(revision(4), revision(5)))).split("\n\n")

    assert blocks[-2] == f"This reverts commit {revision(4)}.\nThis reverts commit {revision(5)}."


@pytest.mark.parametrize("words", FOREIGN)
def test_foreign_words_never_become_trailers(words: str) -> None:
    text = message(record(version=words), reason=words, name=words)
    told = trailers(text)
    parsed = parse(text, HERE)

    assert [line.partition(": ")[0] for line in told] == list(KEYS)
    assert parsed is not None
    assert (parsed.weight_to, parsed.canary) == (RECORD.weight_to, RECORD.canary)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "\n---" not in text


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_words_leave_one_record(words: str, more: str) -> None:
    parsed = parse(message(record(version=words), reason=more, name=more), HERE)

    assert parsed is not None
    assert parsed.weight_to == RECORD.weight_to


@given(st.text(max_size=120), st.text(max_size=90), st.text(max_size=90))
def test_a_subject_is_one_line_of_72_columns(name: str, what: str, bracket: str) -> None:
    line = subject(CanaryId(name), what, bracket)

    assert len(line) <= LINE_WIDTH
    assert line.isprintable()


def test_a_long_subject_drops_the_bracket_before_it_shortens_the_id() -> None:
    roomy = subject(CanaryId("prod/web"), "10% -> 25%", "step 3/5, 2/2 checks pass")
    tight = subject(CanaryId("prod/" + "w" * 40), "10% -> 25%", "step 3/5, 2/2 checks pass")
    tightest = subject(CanaryId("prod/" + "w" * 80), "10% -> 25%", "step 3/5")

    assert roomy == "canary(prod/web): 10% -> 25% (step 3/5, 2/2 checks pass)"
    assert tight == f"canary(prod/{'w' * 40}): 10% -> 25%"
    assert tightest.startswith("canary(prod/w")
    assert "…" in tightest
    assert tightest.endswith("w): 10% -> 25%")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Canary-Format: 1", "Canary-Format: 2"),
        ("Canary-Step: 2/5\n", ""),
        ("Canary-Step: 2/5\n", "Canary-Step: 2/5\nCanary-Step: 2/5\n"),
        ("Canary-Step: 2/5\n", "Canary-Step: 2/5\nCo-authored-by: a <b@c>\n"),
        ("Canary-Step: 2/5\nCanary-Weight: 10", "Canary-Weight: 10\nCanary-Step: 2/5"),
        ("Canary-Step", "canary-step"),
        ("Canary-Step: 2/5", "Canary-Step: 2/5\n 1"),
        ("Canary-Step: 2/5", "Canary-Step: 02/5"),
        ("Canary-Step: 2/5", "Canary-Step: 2"),
        ("Canary-Weight: 10->12.5", "Canary-Weight: 10->12.5000"),
        ("Canary-Weight: 10->12.5", "Canary-Weight: 10->1e1"),
        ("Canary-Weight: 10->12.5", "Canary-Weight: \u0661\u0660->12"),
        ("Canary-Weight: 10->12.5", "Canary-Weight: -10->12"),
        ("Canary-Action: advance", "Canary-Action: Advance"),
        ("Canary-Verdict: pass", "Canary-Verdict: passed"),
        ("Canary-Rollout: 0123456789ab", "Canary-Rollout: 0123456789AB"),
        ("Canary-Window: 2026-02-02T02:40:00.250Z", "Canary-Window: 2026-02-02T02:40:00.25Z"),
        (":00.250Z/", f":00.{'9' * 20}Z/"),
        ("Canary-Source: 0", "Canary-Source: g"),
        ("Canary-Previous: 0000", "Canary-Previous: "),
        ("Canary-Reverts: none", "Canary-Reverts: "),
    ],
)  # fmt: skip
def test_a_block_that_is_not_exactly_one_record_is_refused(old: str, new: str) -> None:
    text = message()
    assert old in text

    with pytest.raises(HistoryError) as caught:
        parse(text.replace(old, new), HERE)
    assert HERE[:12] in caught.value.problem


def test_other_messages_are_no_records() -> None:
    assert parse("Fix a typo\n\nCanary: prod/web\n", HERE) is None
    assert parse(f"Squashed:\n\n{message()}\n\nMore words.\n", HERE) is None


def test_a_rollout_is_named_by_canary_source_and_values() -> None:
    first = rollout_id(CanaryId("prod/web"), revision(1), Digest("sha256:1"))

    assert first == RolloutId("60b596acff04")  # printf 'prod/web\\0...1\\0sha256:1' | sha256sum
    assert first != rollout_id(CanaryId("prod/we"), revision(1), Digest("bsha256:1"))
    assert first != rollout_id(CanaryId("prod/web"), revision(2), Digest("sha256:1"))
    assert first != rollout_id(CanaryId("prod/web"), revision(1), Digest("sha256:2"))


def measured(value: str | None, baseline: str | None, check: str = "errors") -> Measurement:
    return Measurement(
        check=check, at_ms=0, outcome=Outcome.FAIL, value=value, limit="<= 1", samples="9 requests",
        why="", baseline=baseline,
    )  # fmt: skip


def test_the_checks_are_aligned_columns_in_their_order() -> None:
    window = Window(start_ms=0, end_ms=1)
    rows = (measured("12.5", "1", "a-long-name"), measured(None, None, "-- x"), measured("1", "2"))
    drawn = table(Verdict(outcome=Outcome.FAIL, window=window, measurements=rows))
    assert drawn.splitlines() == [
        "check        canary  primary  limit  verdict  samples",
        "a-long-name  12.5    1        <= 1   fail     9 requests",
        "-- x         -       -        <= 1   fail     9 requests",
        "errors       1       2        <= 1   fail     9 requests",
    ]


def test_a_verdict_without_checks_draws_nothing() -> None:
    bare = Verdict(outcome=Outcome.PASS, window=Window(start_ms=0, end_ms=1), measurements=())
    for one in (bare, None):
        text = compose("first", paragraphs=("why",), verdict=one, record=RECORD)
        assert text == f"first\n\nwhy\n\n{BLOCK}"


@pytest.mark.parametrize(
    ("length", "line"),
    [
        (40, f"canary({'w' * 40}): 10% -> 25% (step 3/5)"),
        (41, f"canary({'w' * 41}): 10% -> 25% (step 3/5)"),
        (42, f"canary({'w' * 42}): 10% -> 25%"),
        (52, f"canary({'w' * 52}): 10% -> 25%"),
        (53, f"canary({'w' * 26}…{'w' * 25}): 10% -> 25%"),
    ],
)
def test_a_subject_uses_the_whole_line(length: int, line: str) -> None:
    assert subject(CanaryId("w" * length), "10% -> 25%", "step 3/5") == line


def test_a_subject_with_much_to_say_keeps_twelve_of_the_id_and_is_cut_at_the_end() -> None:
    line = subject(CanaryId("w" * 40), "x" * 100)
    assert line == f"canary(wwwwww…wwwww): {'x' * 49}…"
    assert len(line) == LINE_WIDTH
