"""Versions that reach the primary outside every rollout are told, on real Git."""

import logging
from collections.abc import Iterator

import pytest
from fields_world import ROUTE, World, world
from git_plans import OpenRepository
from prometheus_server import prometheus
from test_fields import KUSTOMIZATION, KUSTOMIZE

from gitops_canary.app.figures import Figures
from gitops_canary.app.noticing import notices
from gitops_canary.app.standing import Newest, standings
from gitops_canary.app.telling import Teller
from gitops_canary.app.unmanaged import Unmanaged
from gitops_canary.lab.origin import Origin
from gitops_canary.model.notice import Mark

FILE = "prod/kustomization.yml"
WEB = "web=ghcr.io/acme/web"


@pytest.fixture
def one(
    origin: Origin, open_repository: OpenRepository, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with (
        prometheus(tmp_path_factory.mktemp("prometheus"), ()) as url,
        world(origin, open_repository, url) as made,
    ):
        yield made


def test_a_primary_that_somebody_else_changed_is_told_once_and_our_moves_are_not(
    one: World, caplog: pytest.LogCaptureFixture
) -> None:
    one.commit({**KUSTOMIZE, "route.yaml": ROUTE})
    assert one.until_idle() == []
    one.commit({FILE: KUSTOMIZATION.replace("1.0.0", "1.1.0", 1)})
    told = list[Unmanaged]()
    for _ in range(12):
        told += one.tick().unmanaged
    assert "newTag: '1.1.0'" in one.text(FILE)
    assert told == []
    both = one.commit({FILE: KUSTOMIZATION.replace("1.0.0", "1.2.0")})

    Teller().tell(one.tick())

    (line,) = (r for r in caplog.records if "primary's" in r.message)
    assert line.levelno == logging.WARNING
    assert line.message.endswith(
        f": prod/web: the primary's version changed from {WEB}:1.1.0 to {WEB}:1.2.0 outside any "
        f"rollout, by commit {both[:12]}: everyone has it, and no rollout judged the change. "
        "To have one judged, change the candidate alone."
    )
    one.commit({"README.md": "other\n"})
    later = one.tick()
    assert later.unmanaged == ()
    (standing,) = standings(later)
    assert standing.bypass == both, "it is told until the next move"
    assert f"Commit {both[:12]} changed what the primary runs" in standing.reason
    assert [(x.source, x.mark) for x in notices(later)] == [(both, Mark.FAILURE)]
    figures = Newest([later.repository])
    figures.take(later, 0)
    assert b"gitops_canary_bypassed{" in Figures("1", figures).text()
    alone = one.text(FILE).replace("newTag: '1.2.0'", "newTag: '1.3.0'")
    one.commit({FILE: alone})

    report = one.tick()

    (change,) = report.unmanaged
    assert f"{change}".endswith(f" The candidate is {WEB}:1.2.0.")
