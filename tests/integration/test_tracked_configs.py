"""A changed ConfigMap is a new version: it rolls out and back like an image."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fields_world import BAD_S, ROUTE, World, canary, world
from git_plans import OpenRepository
from prometheus_server import prometheus

from gitops_canary.lab.origin import Origin

POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: prod}}
spec:
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: web
          image: acme/web:1
          envFrom: [{{configMapRef: {{name: {config}}}}}]
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}, namespace: prod}}
data:
  mode: fast   # how
"""
FILES = {
    "canary.yaml": canary("").replace("  source:\n    fields:\n\n", ""),
    "web.yaml": POD.format(name="web", config="settings"),
    "primary.yaml": POD.format(name="web-primary", config="settings-primary"),
    "settings.yaml": CONFIG.format(name="settings"),
    "copy.yaml": CONFIG.format(name="settings-primary"),
    "route.yaml": ROUTE,
}


@pytest.fixture
def one(origin: Origin, open_repository: OpenRepository, tmp_path: Path) -> Iterator[World]:
    with (
        prometheus(tmp_path, ()) as url,
        world(origin, open_repository, url) as made,
    ):
        yield made


def test_a_changed_config_is_promoted_and_the_next_one_put_back(one: World) -> None:
    one.commit(FILES)
    assert one.until_idle() == []
    slow = FILES["settings.yaml"].replace("fast", "slow")
    start = one.commit({"settings.yaml": slow})

    subjects = one.until_idle()

    assert "promote new pod template" in subjects[-2], subjects
    assert one.diff(start) == ["-  mode: fast   # how", "+  mode: slow   # how"]
    one.now_s = BAD_S
    one.commit({"settings.yaml": slow.replace("slow", "broken")})
    assert "abort" in one.until_idle()[-1]
    assert one.text("settings.yaml") == slow
    assert one.until_idle() == []
