"""`doctor` and `lint` on files of every kind: a place and a remedy for each, and never a bug."""

import os
import re
from pathlib import Path
from random import Random

import pytest

from gitops_canary.app.doctor import Health
from gitops_canary.app.doctor_manifests import CHECKS
from gitops_canary.app.doctor_subject import subject
from gitops_canary.app.linting import WORK_TREE, Folder, findings
from gitops_canary.app.reading import Rules
from hostile.slips import slipped
from hostile.texts import hostile
from hostile.written import written

WORKLOAD = """\
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: test}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {more}
"""
CANARY = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {{name: {name}, namespace: test}}
spec:
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  service: {{port: 80}}
  analysis: {{interval: 1m, threshold: 5, maxWeight: 50, stepWeight: 10}}
"""
ODD = (
    "x", "[]", "{containers: x}", "{containers: [x, [], {name: [a]}]}", "{containers: [{image: }]}",
    "{containers: [{name: a, image: {{ x }}}]}", "{containers: [{name: a, image: &x 1}]}",
)  # fmt: skip
NAMES = (
    "{a: b}",
    "",
    "~",
    '"a\\nb"',
    "../x",
    "'\U0001f680'",
    "x" * 300,
    "*a",
    "{{ x }}",
    "!!int 5",
)
BYTES = ("a: 1".encode("utf-16"), b"kind: \xff", b"kind: \0", b"\x1f\x8b\x08", b"kind: \x07", b"")
PLACE = re.compile(r"\S+:[1-9]\d*:[1-9]\d*")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a folder with files that nobody should have."""
    root = tmp_path_factory.mktemp("odd")
    texts = [WORKLOAD.format(kind="Deployment", name="w", more=more) for more in ODD]
    texts += [WORKLOAD.format(kind="StatefulSet", name=name, more="{}") for name in NAMES]
    texts += [CANARY.format(name=name) for name in NAMES]
    for seed in range(25):
        random = Random(seed)  # noqa: S311 - a layout, no secret
        texts.append(slipped(random, CANARY.format(name=f"c{seed}")))
        texts.append(slipped(random, WORKLOAD.format(kind="Service", name="w", more="{}")))
        texts.append("kind: Deployment\n" + hostile(random))
        texts.append("kind: Canary\n" + written(random))
    for number, text in enumerate(texts):
        (root / f"{number}.yaml").write_text(text, newline="")
    for number, raw in enumerate(BYTES):
        (root / f"b{number}.yaml").write_bytes(raw)
    (root / "kustomization.yaml").write_text("images: [x, {name: [a]}]\nresources: {a: [b]}\n")
    (root / "gone.yaml").symlink_to("nowhere")
    os.mkfifo(root / "pipe.yaml")
    return root


def test_doctor_tells_where_and_what_to_do(folder: Path) -> None:
    seen = subject(Folder(folder), WORK_TREE, Rules(paths=(), default_provider="istio"))
    found = [one for check in CHECKS.values() for one in check(seen)]
    told = [one for one in found if one.health in {Health.NO, Health.WRONG}]
    assert len(told) > 50
    for one in told:
        assert PLACE.search(f"{one.subject} {one.what}"), one
        assert one.remedy, one


def test_lint_tells_where_and_what_to_do(folder: Path) -> None:
    found = findings(folder, default_provider="istio", allow_missing=frozenset())
    told = [error for one in found if (error := one.error or one.warning)]
    assert len(told) > 50
    for error in told:
        assert PLACE.search(str(error.place)), error
        assert error.remedy, error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_nobody_may_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CANARY.format(name="a"))
    (tmp_path / "b.yaml").write_text("kind: Deployment\n")
    (tmp_path / "b.yaml").chmod(0)
    found = findings(tmp_path, default_provider="istio", allow_missing=frozenset())
    assert [str(one.place) for one in found if one.warning] == ["b.yaml:1:1"]
    seen = subject(Folder(tmp_path), WORK_TREE, Rules(paths=(), default_provider="istio"))
    assert [str(one.place) for one in seen.unread] == ["b.yaml:1:1"]
