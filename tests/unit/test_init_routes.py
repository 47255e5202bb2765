"""First splits: one suite that every router's passes, over what people have before a canary."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, PLAIN, TOGETHER, Texts, after, initialised, objects, overlay, plain
from first_routes import ALB, GLOO, ROUTE_GROUP, ROUTES, SKIPPER
from kustomized import built, needs_kubectl

from gitops_canary.errors import CanaryError
from gitops_canary.manifest.document import parse
from gitops_canary.model.names import Path
from gitops_canary.ports import Router
from gitops_canary.routing import FOUNDERS, ROUTERS

WHERE = {"namespace": "prod", "apex": "web"}
WRITTEN_ANEW = {"kubernetes", "gatewayapi:v1beta1"} | {f"smi:v1alpha{n}" for n in range(1, 5)}
"""Those without a case: the same code as another's, or nothing to adopt."""
every = pytest.mark.parametrize("case", ROUTES)


def routed(router: Router, texts: Texts) -> Iterator[tuple[str, int]]:
    """Give file and index of each document that splits."""
    for path, text in texts.items():
        for index, root in enumerate(parse(text, file=path)):
            group, kind = (root.get("apiVersion"), root.get("kind")) if root else (None, None)
            key = (group.value.rpartition("/")[0], kind.value) if group and kind else ("", "")
            if key in router.kinds and router.matches(text, index, **WHERE):
                yield path, index


def numbers(text: str) -> list[int]:
    """Give every weight of a text."""
    found = re.findall(r"[Ww]eights?['\"]?: ?'?\"?(\d+)", text)
    return [int(one) for one in found]


def test_every_router_whose_first_split_is_written_is_a_case() -> None:
    cases = {name.partition(" ")[0] for name in ROUTES}
    assert set(FOUNDERS) == cases | WRITTEN_ANEW
    assert set(ROUTERS) - set(FOUNDERS) == {"field", "knative"}


@every
def test_the_router_reads_its_first_split_as_nothing_and_goes_round(case: str) -> None:
    texts = plain(case)
    now = after(texts, initialised(texts, router=case))
    router = ROUTERS[case.partition(" ")[0]]
    found = list(routed(router, now))
    assert found
    for path, index in found:
        file, zero = Path(path), now[path]
        assert router.weight(zero, index, file=file, **WHERE) == 0
        assert router.set_weight(zero, index, Decimal(0), file=file, **WHERE) == zero
        text = zero
        for weight in (5, 25, 100):
            text = router.set_weight(text, index, Decimal(weight), file=file, **WHERE)
            assert router.weight(text, index, file=file, **WHERE) == weight
            assert sum(numbers(text)) in {sum(numbers(zero)), sum(numbers(zero)) + weight}
            assert router.shape(text, index, file=file, **WHERE) == router.shape(
                zero, index, file=file, **WHERE
            )
        assert router.restore(text, index, zero, index, file=file, **WHERE) == zero
        assert router.set_weight(text, index, Decimal(0), file=file, **WHERE) == zero


@every
def test_every_check_of_the_canary_it_writes_can_be_asked(case: str) -> None:
    """Else a rollout would hold for ever on no data; OpenShift's router counts no latency."""
    texts = plain(case)
    now = after(texts, initialised(texts, router=case))
    canary = now["apps/canary.yaml"]
    names = re.findall(r"- name: (request-\S+)", canary)
    assert names == ["request-success-rate", "request-duration"][: 1 if case == "openshift" else 2]
    # Traefik's buckets end at 0.1, 0.3, 1.2 and 5 s unless somebody says otherwise.
    assert re.findall(r"max: (\d+)", canary) == {"traefik": ["1200"], "openshift": []}.get(
        case, ["500"]
    )
    assert ("type: threshold" in canary) == (case == "apisix"), "both sides are one series there"


def test_a_canary_that_could_never_pass_is_refused() -> None:
    texts = plain("openshift", {"apps/canary.yaml": CANARY.format(
        provider="openshift", weights="[10]").replace("success-rate", "duration").replace(
        "min: 99", "max: 500")})  # fmt: skip
    with pytest.raises(CanaryError, match="request-duration can never be asked") as refused:
        initialised(texts)
    assert str(refused.value.place).startswith("apps/canary.yaml:")
    assert refused.value.remedy

    texts = plain("apisix", {"apps/canary.yaml": CANARY.format(provider="apisix", weights="[10]")})
    with pytest.raises(CanaryError, match="counts both sides in one") as refused:
        initialised(texts)
    assert "judge: {type: threshold}" in refused.value.remedy


@every
def test_whoever_else_gets_traffic_keeps_it(case: str) -> None:
    """No line goes but those that name the Service, or say how its traffic gets there."""
    texts = plain(case)
    before, now = ROUTES[case], after(texts, initialised(texts, router=case))["apps/route.yaml"]
    gone = set(before.splitlines()) - set(now.splitlines())
    ours = r"web|shop|port|number|action|single|kube|proxy|upstream|rewrite|pass|service:|paths"
    assert all(re.search(ours, line) for line in gone), gone
    theirs = [line for line in before.splitlines() if "legacy" in line]
    assert Counter(theirs) <= Counter(now.splitlines())


@needs_kubectl
@every
def test_an_overlay_of_several_splits_by_itself(case: str, tmp_path: LocalPath) -> None:
    """What kustomize builds splits as it does without overlays, and the others stay as they are."""
    base = BASE | {
        "base/route.yaml": re.sub(r",? ?\n?  ?namespace: prod", "", ROUTES[case], count=1)
    }
    texts = base | overlay("prod") | overlay("staging")
    if case == "haproxy":
        texts["base/deployment.yaml"] = TOGETHER.replace("  namespace: prod\n", "")
        with pytest.raises(CanaryError, match="its selector is the route"):
            initialised(texts, overlay="overlays/prod", router=case)
        return
    prepared = initialised(texts, overlay="overlays/prod", router=case)
    now = after(texts, prepared)
    router, found = ROUTERS[case.partition(" ")[0]], 0
    for one in built(now, tmp_path / "now", "overlays/prod").values():
        text = json.dumps(one)
        key = (str(one["apiVersion"]).rpartition("/")[0], str(one["kind"]))
        if key in router.kinds and router.matches(text, 0, **WHERE):
            found += 1
            assert router.weight(text, 0, file=Path("built"), **WHERE) == 0
    assert found
    staging = built(now, tmp_path / "staging", "overlays/staging")
    assert staging == built(texts, tmp_path / "before", "overlays/staging")
    assert initialised(now, overlay="overlays/prod", router=case).stages == ()


@pytest.mark.parametrize("version", ["v1alpha1", "v1alpha4"])
def test_a_mesh_of_smi_needs_no_route_to_begin_with(version: str) -> None:
    now = after(PLAIN, initialised(PLAIN, router=f"smi:{version}"))
    (split,) = objects(now, "TrafficSplit").values()
    assert split["apiVersion"] == f"split.smi-spec.io/{version}"
    assert split["spec"] == {
        "service": "web",
        "backends": [
            {"service": "web-primary", "weight": 100},
            {"service": "web-canary", "weight": 0},
        ],
    }


def test_linkerd_needs_no_route_to_begin_with() -> None:
    now = after(PLAIN, initialised(PLAIN, router="linkerd"))
    (route,) = objects(now, "HTTPRoute").values()
    assert route["spec"] == {
        "parentRefs": [{"name": "web", "kind": "Service", "group": "core", "port": 80}],
        "rules": [{"backendRefs": [
            {"name": "web-primary", "port": 80, "weight": 100},
            {"name": "web-canary", "port": 80, "weight": 0},
        ]}],
    }  # fmt: skip


def test_an_upstream_that_gloo_finds_by_itself_becomes_a_service() -> None:
    """Where discovery is off nobody would make an Upstream of the two new Services."""
    texts = plain("gloo")
    now = after(texts, initialised(texts, router="gloo"))["apps/route.yaml"]
    assert "upstream" not in now
    assert now.count("name: web-primary") == now.count("name: web-canary") == 3
    assert now.count("weight: 20") == GLOO.count("weight: 20")


IN_THE_WAY = {
    "gloo": (GLOO.replace("{kube: {ref: {name: web, namespace: prod}, port: 80}}",
             "{upstream: {name: prod-web-80}}", 1), "splits by an Upstream"),
    "skipper": (ROUTE_GROUP.replace("{backendName: shop, weight: 60}", "{backendName: shop}"),
                "A weight is missing"),
    "skipper ingress": (SKIPPER.replace("spec:\n", "  annotations: {zalando.org/backend-weights: "
                        "'{\"a\": 1}'}\nspec:\n"), "shares out among other backends"),
    "alb": (ALB.replace("number: 80}}}}", "number: 81}}}}"), "lead to several ports"),
    "alb ": (ALB.replace("ingress.kubernetes.io/scheme", "ingress.kubernetes.io/actions.web"),
             "There is an action web already"),
    "openshift": (ROUTES["openshift"].replace("  port:", "  alternateBackends: [{name: a, weight: 1"
                  "}, {name: b, weight: 1}, {name: c, weight: 1}]\n  port:"), "at most three"),
    "emissary": (ROUTES["emissary"] + "  weight: 30\n", "has a weight"),
    "traefik": (ROUTES["traefik"] + "  - match: Host(`b`)\n    kind: Rule\n    services:\n"
                "    - {name: web, port: http}\n", "says otherwise of the Service"),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_what_cannot_split_is_named_by_its_place(case: str) -> None:
    route, says = IN_THE_WAY[case]
    with pytest.raises(CanaryError) as refused:
        initialised(PLAIN | {"apps/route.yaml": route}, router=case.strip())
    assert says in refused.value.problem
    assert str(refused.value.place).startswith("apps/route.yaml:")
    assert refused.value.remedy


@pytest.mark.parametrize(
    "broken",
    ["upstreams: [{service: web}]", "upstreams: [web]", "upstreams: [{name: [], service: web}]"],
)
def test_an_object_that_no_cluster_takes_leads_nowhere(broken: str) -> None:
    head = "apiVersion: k8s.nginx.org/v1\nkind: VirtualServer\nmetadata: {name: web}\n"
    route = f"{head}spec: {{host: a, {broken}, routes: [x, {{path: /, action: {{pass: ''}}}}]}}\n"
    with pytest.raises(CanaryError, match="No object routes to the Service web"):
        initialised(PLAIN | {"apps/route.yaml": route}, router="virtualserver")


def test_an_ingress_speaks_of_its_controller() -> None:
    """What splits is only asked where neither annotations nor class tell."""
    for case in ("nginx", "alb", "skipper ingress"):
        now = initialised(plain(case))
        assert now.choice.provider == case.partition(" ")[0]
    nobodys = ROUTES["nginx"].replace("ingressClassName: nginx", "ingressClassName: public")
    nobodys = nobodys.replace("    nginx.ingress.kubernetes.io/proxy-body-size: 8m\n", "")
    for router in ("nginx", "alb", "skipper"):
        assert initialised(PLAIN | {"apps/route.yaml": nobodys}, router=router).stages


CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: web, namespace: prod}}
spec:
  provider: {provider}
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  analysis:
    threshold: 1
    stepWeights: {weights}
    metrics: [{{name: request-success-rate, thresholdRange: {{min: 99}}}}]
"""
COARSE = {"alb": "at most 999", "haproxy": "at most 256",
          "openshift": "no whole number", "emissary": "no whole number",
          "virtualserver": "no whole number"}  # fmt: skip


@every
def test_a_split_is_as_fine_as_the_steps_ask_where_the_router_can(case: str) -> None:
    provider = case.partition(" ")[0]
    canary = CANARY.format(provider=provider, weights="[0.1, 1, 2.5]")
    canary = canary.replace("threshold: 1", "threshold: 1\n    judge: {type: threshold}")
    texts = plain(case, {"apps/canary.yaml": canary})
    if provider in COARSE:
        with pytest.raises(CanaryError, match=COARSE[provider]) as refused:
            initialised(texts)
        assert refused.value.place is not None
        assert "whole percents" in refused.value.remedy
        return
    now = after(texts, initialised(texts))
    router = ROUTERS[provider]
    for path, index in routed(router, now):
        where = {"namespace": "prod", "apex": "web"}
        new = router.set_weight(now[path], index, Decimal("0.1"), file=Path(path), **where)
        assert router.weight(new, index, file=Path(path), **where) == Decimal("0.1")


ODD = {
    "istio": ("weight: 80", "weight: 33", "weight: 20", 33),
    "gloo": ("weight: 80", "weight: 3", "weight: 20", 3),
    "skipper": ("weight: 60", "weight: 7", "weight: 20", 7),
}


@pytest.mark.parametrize("case", ODD)
def test_weights_the_steps_cannot_split_grow_and_shares_stay(case: str) -> None:
    old, new, theirs, ours = ODD[case]
    texts = PLAIN | {"apps/route.yaml": ROUTES[case].replace(old, new)}
    now = after(texts, initialised(texts, router=case))["apps/route.yaml"]
    grown = [one for one in numbers(now) if one not in {0, 100}]
    assert len(grown) == 2
    assert grown[0] * 20 == grown[1] * ours, "the share of the other is what it was"
    assert theirs not in now
