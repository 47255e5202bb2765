"""Mirrors come with the start of a rollout and go with whatever follows it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from checks import spec
from routes import CASES
from situations import NEW, OLD, POLICY, looks, move, situation

from gitops_canary.core.decide import decide
from gitops_canary.core.edits import confirm
from gitops_canary.errors import BindingError, EditRefused, Place
from gitops_canary.manifest.document import data, parse
from gitops_canary.manifest.providers import MIRRORING_PROVIDERS, OWN_PROVIDERS
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.names import Digest, Path
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.ports import Router
from gitops_canary.routing import ROUTERS
from gitops_canary.rule_ports import Mirror
from gitops_canary.strategy import outfitted

FILE = Path("apps/route.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
HALF = Decimal(50)
NAMES = ("istio-http", "gateway-HTTPRoute-v1", "gateway-GRPCRoute-v1")
every = pytest.mark.parametrize("name", NAMES)
MIRRORED = replace(POLICY, mirror=HALF)


def mirroring(provider: str) -> tuple[Router, Mirror]:
    one = spec(provider=provider, apex="shop")
    router = outfitted(ROUTERS[provider], replace(one, policy=MIRRORED))
    assert router.mirror is not None
    return router, router.mirror


def test_providers_that_can_mirror_are_those_with_a_mirror() -> None:
    able = {name for name in OWN_PROVIDERS if ROUTERS[name].mirror is not None}
    assert able == set(MIRRORING_PROVIDERS)
    with pytest.raises(BindingError, match="cannot mirror"):
        mirroring("nginx")


@pytest.mark.parametrize("percent", ["50", "0.5", "100"])
def test_a_rule_in_flow_style_gets_its_mirror_too(percent: str) -> None:
    router, mirror = mirroring("istio")
    flow = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http: [{route: [{destination: {host: shop-primary}, weight: 100}, \
{destination: {host: shop-canary}, weight: 0}]}]
"""
    on = mirror.start(flow, 0, Decimal(percent), file=FILE, **WHERE)
    assert f'mirrorPercentage: {{"value": {percent}}}' in on
    assert router.set_weight(on, 0, Decimal(0), file=FILE, **WHERE) == flow
    assert router.restore(on, 0, flow, 0, file=FILE, **WHERE) == flow


@every
def test_a_mirror_is_added_as_lines_and_ends_with_the_first_weight(name: str) -> None:
    case = CASES[name]
    router, mirror = mirroring(case.provider)
    on = mirror.start(case.text, 0, HALF, file=FILE, **WHERE)
    lines = iter(on.splitlines())
    assert all(line in lines for line in case.text.splitlines()), "every old line, in order"
    assert mirror.mirrored(on, 0, **WHERE)
    assert not mirror.mirrored(case.text, 0, **WHERE)
    assert mirror.start(on, 0, HALF, file=FILE, **WHERE) == on
    assert router.weight(on, 0, file=FILE, **WHERE) == 0
    assert router.shape(on, 0, file=FILE, **WHERE) == router.shape(case.text, 0, file=FILE, **WHERE)
    weighed = router.set_weight(on, 0, Decimal(5), file=FILE, **WHERE)
    assert weighed == router.set_weight(case.text, 0, Decimal(5), file=FILE, **WHERE)
    assert mirror.stop(on, 0, file=FILE, **WHERE) == case.text
    assert router.restore(on, 0, case.text, 0, file=FILE, **WHERE) == case.text


def test_istio_says_host_and_percentage() -> None:
    text = CASES["istio-http"].text
    on = mirroring("istio")[1].start(text, 0, HALF, file=FILE, **WHERE)
    root = parse(on, file=FILE)[0]
    route = root.get("spec", "http", 0) if root else None
    assert route is not None
    found = data(route, file=FILE)
    assert isinstance(found, dict)
    assert found["mirror"] == {"host": "shop-canary"}
    assert found["mirrorPercentage"] == {"value": 50}


def test_a_filter_of_somebody_else_stays() -> None:
    text = CASES["gateway-HTTPRoute-v1"].text.replace(
        "  - backendRefs:\n",
        "  - filters:\n    - type: URLRewrite  # ours\n      urlRewrite: {hostname: a}\n"
        "    backendRefs:\n",
    )
    mirror = mirroring("gatewayapi:v1")[1]
    on = mirror.start(text, 0, HALF, file=FILE, **WHERE)
    assert on.count("RequestMirror") == 1
    assert mirror.stop(on, 0, file=FILE, **WHERE) == text


def test_a_mirror_to_somebody_else_is_refused_and_never_ours() -> None:
    text = CASES["istio-http"].text + "    mirror: {host: audit}\n"
    mirror = mirroring("istio")[1]
    assert not mirror.mirrored(text, 0, **WHERE)
    assert mirror.stop(text, 0, file=FILE, **WHERE) == text
    with pytest.raises(BindingError, match="already mirrors"):
        mirror.start(text, 0, HALF, file=FILE, **WHERE)


def test_tcp_has_nothing_to_mirror() -> None:
    with pytest.raises(BindingError, match="Only HTTP"):
        mirroring("istio")[1].start(CASES["istio-tcp"].text, 0, HALF, file=FILE, **WHERE)


START = move(Action.START, "0", 0)
COPIED = Owned(
    candidate=NEW, primary=OLD, weight=Decimal(0), shape=Digest("sha256:route"), mirrored=True
)


def test_first_weight_waits_for_one_look_at_the_copies() -> None:
    waits = decide(situation(MIRRORED, START, tip=COPIED, written=COPIED))
    assert isinstance(waits, Hold)
    assert waits.reason == "Measures on mirrored requests."
    act = decide(situation(MIRRORED, START, looks(Outcome.PASS), tip=COPIED, written=COPIED))
    assert isinstance(act, Act)
    assert (act.action, act.step, act.weight) == (Action.ADVANCE, 1, MIRRORED.steps[0])


def test_a_candidate_taken_back_ends_its_mirror() -> None:
    back = replace(COPIED, candidate=OLD)
    act = decide(situation(MIRRORED, START, tip=back, written=COPIED))
    assert isinstance(act, Act)
    assert act.action is Action.RETREAT


def test_a_person_who_ends_the_mirror_wins() -> None:
    tip = replace(COPIED, mirrored=False)
    hold = decide(situation(MIRRORED, START, tip=tip, written=COPIED))
    assert isinstance(hold, Hold)
    assert hold.wait is Wait.OVERRIDE


def test_no_move_but_the_start_may_leave_a_mirror_behind() -> None:
    act = decide(situation(MIRRORED, START, looks(Outcome.PASS), tip=COPIED, written=COPIED))
    assert isinstance(act, Act)
    after = replace(COPIED, weight=act.weight)
    with pytest.raises(EditRefused, match="still be mirrored"):
        confirm(act, before=COPIED, after=after, place=Place("canary.yaml"))
    confirm(act, before=COPIED, after=replace(after, mirrored=False), place=Place("canary.yaml"))
