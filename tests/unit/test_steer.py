import pytest
from canary_texts import FILE, TEXT

from gitops_canary.errors import EditRefused
from gitops_canary.manifest.steering import add, steer
from gitops_canary.model.spec import Dialect

OWN = """\
# own
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {name: web}
spec:
  source: x   # why

---
other: 1
"""


def added(before: str, after: str) -> list[str]:
    """List the new lines; every old one is still there, in order."""
    rest = iter(before.splitlines(keepends=True))
    expected, found = next(rest, None), []
    for line in after.splitlines(keepends=True):
        if line == expected:
            expected = next(rest, None)
        else:
            found.append(line)
    assert expected is None
    return found


def own(text: str, name: str, value: str | bool) -> str:
    return steer(text, 0, Dialect.OWN, name, value, file=FILE)


def flagger(text: str, name: str, value: str | bool) -> str:
    return steer(text, 0, Dialect.FLAGGER, name, value, file=FILE)


def test_the_first_word_makes_its_block() -> None:
    assert added(OWN, own(OWN, "paused", value=True)) == ["  control:\n", "    paused: true\n"]
    assert added(TEXT, flagger(TEXT, "paused", value=True)) == [
        "  annotations:\n",
        '    gitops-canary.dev/paused: "true"\n',
    ]


def test_the_next_word_goes_below_it() -> None:
    once = own(OWN, "paused", value=True)

    assert added(once, own(once, "retry", "0123456789ab")) == ["    retry: 0123456789ab\n"]


def test_a_rollout_of_digits_alone_stays_a_text() -> None:
    assert '    retry: "012345678901"\n' in own(OWN, "retry", "012345678901")
    assert 'retry: "00000000012e"\n' not in own(OWN, "retry", "00000000012e")
    assert 'retry: "0000000012e1"\n' in own(OWN, "retry", "0000000012e1")


def test_a_word_that_is_there_is_replaced_in_its_own_style() -> None:
    once = flagger(TEXT, "paused", value=True)
    single = once.replace('"true"', "'true'  # until Monday")

    assert "paused: 'false'  # until Monday\n" in flagger(single, "paused", value=False)
    assert flagger(once, "paused", value=True) == once


def test_other_line_endings_stay() -> None:
    text = OWN.replace("\n", "\r\n")

    assert own(text, "paused", value=True).count("\r\n") == text.count("\r\n") + 2
    assert "\n" not in own(text, "paused", value=True).replace("\r\n", "")


def test_a_document_in_flow_style_stays_one() -> None:
    flow = '{"apiVersion": "gitops-canary.dev/v1alpha1", "kind": "Canary", "spec": {"a": 1}}\n'

    after = own(flow, "abort", "0123456789ab")

    assert after == flow.replace('"a": 1', '"a": 1, "control": {"abort": "0123456789ab"}')


def test_what_cannot_be_written_safely_is_refused() -> None:
    with pytest.raises(EditRefused):
        own(OWN.replace("source: x   # why", "control: ${CONTROL}"), "paused", value=True)


def test_an_empty_mapping_takes_its_first_entry() -> None:
    empty = OWN.replace("source: x   # why", "control: {}")

    assert own(empty, "paused", value=True) == empty.replace("{}", "{paused: true}")


ASKED = "0123456789ab/2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("spec:\n  a: 1\n", "spec:\n  a: 1\n  control:\n    approve:\n      - 0123456789ab/2\n"),
        (
            "spec:\n  control:\n    approve: []  # who\n",
            "spec:\n  control:\n    approve: [0123456789ab/2]  # who\n",
        ),
        (
            "spec: {control: {approve: [x/1]}}\n",
            "spec: {control: {approve: [x/1, 0123456789ab/2]}}\n",
        ),
        (
            "spec:\n  control:\n    approve:\n    - x/1  # one\n  b: 1\n",
            "spec:\n  control:\n    approve:\n    - x/1  # one\n    - 0123456789ab/2\n  b: 1\n",
        ),
    ],
)
def test_an_approval_is_added_to_those_there_are(before: str, after: str) -> None:
    assert add(before, 0, Dialect.OWN, "approve", ASKED, file=FILE) == after


def test_an_approval_in_flaggers_dialect_joins_the_others() -> None:
    once = add(TEXT, 0, Dialect.FLAGGER, "approve", ASKED, file=FILE)
    twice = add(once, 0, Dialect.FLAGGER, "approve", "0123456789ab/3", file=FILE)

    assert "    gitops-canary.dev/approve: 0123456789ab/2\n" in once
    assert '    gitops-canary.dev/approve: "0123456789ab/2, 0123456789ab/3"\n' in twice
