"""Every way YAML lets a document say its kind is seen before the file is parsed."""

import pytest

from gitops_canary.manifest.catalog import declares, headers
from gitops_canary.manifest.nodes import parse
from gitops_canary.manifest.screen import holds_policy, subject_of
from gitops_canary.model.names import Path

FILE = Path("a.yaml")
KIND = "MetricTemplate"
SPELLED = (
    "kind: K", "kind  : K", "kind:\tK", "'kind': 'K'", '"kind"\t: "K"', "&k kind: &v K",
    "!!str kind: !!str K", "kind: !<tag:yaml.org,2002:str> K", "kind: !!str # c\n  K",
    "? kind\n: K", "? kind # c: d\n# e\n: K", "? |-\n  kind\n# c\n: K", "? >-\n  kind\n: K",
    "? !!str\n  kind\n: K", "kind: # c\n  # d\n  K", "kind: |-\n  K", "kind: |- # c\n  K",
    "kind: >-\n  K", "{kind: K}", '{"kind":"K"}', "{? kind : K}", '"k\\x69nd": K',
    '"\\u006bind" : K', '? "ki\\\n  nd"\n: K', '? "ki\\\r\n  nd"\n: K', '"ki\\x6e\\u0064": K',
    'kind: "\\u004betricTemplate"', 'kind: "MetricTem\\\n  plate"', "kind: # c\r  K",
    "? kind # c\r: K", "kind: # c\x85  K", "kind: # c\u2028  K", "kind:\u2029  K", "kind:\x85  K",
)  # fmt: skip


@pytest.mark.parametrize("spelled", SPELLED)
def test_a_kind_is_seen_however_it_is_written(spelled: str) -> None:
    lines = spelled.replace("\\u004b", "\\u004d").replace("K", KIND)
    lone = "\r" in lines and "\n" not in lines
    end = "\r" if lone else "\n"
    named = "metadata: {name: web}"
    text = f"{lines[:-1]}, {named}}}\n" if lines.startswith("{") else f"{lines}{end}{named}{end}"
    root = parse(text, file=FILE)[0]
    assert root is not None
    kind = root.get("kind")
    assert kind is not None
    assert kind.value == KIND

    assert declares(text)
    assert holds_policy(text.encode())
    assert [one.kind for one in headers(text, file=FILE)] == [KIND]
    workload = (
        text.replace(KIND, "Service").replace("MetricTem\\", "Serv\\").replace("plate", "ice")
    )
    workload = workload.replace("\\u004detricTemplate", "\\u0053ervice")
    assert subject_of(workload.encode(), frozenset({"web"}))


@pytest.mark.parametrize("text", ["a: 1\n", "mankind: K\n", '"a\\x6b": K\n', "# kind of\n", ""])
def test_what_says_no_kind_is_not_read(text: str) -> None:
    assert not declares(text)
    assert not headers(text, file=FILE)
