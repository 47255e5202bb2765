"""Routers for which a person has to do something first, and what `init` says and does then."""

import json

import pytest
from first_canary import PLAIN, after, initialised, objects, plain

from gitops_canary.errors import CanaryError


def test_the_pods_of_both_sides_stand_behind_one_service_of_haproxy() -> None:
    texts = plain("haproxy")
    now = after(texts, initialised(texts, router="haproxy"))
    selector = json.dumps(objects(now, "Service")["web"]["spec"])
    assert '"selector": {"gitops-canary.dev/pods-of": "service-web"}' in selector
    assert 'blue-green-balance: "app=web-primary=100,app=web=0"\n' in now["apps/route.yaml"]
    both = objects(now, "Deployment")
    assert set(both) == {"web", "web-primary"}
    assert all('pods-of": "service-web"' in json.dumps(one) for one in both.values())
    assert initialised(now, router="haproxy").stages == ()


WRITTEN_BY_HAND = {
    "haproxy": "write `gitops-canary.dev/pods-of: service-web` into spec.template.metadata.labels",
    "knative": "name another router",
    "field": "provider: field",
}


@pytest.mark.parametrize("router", WRITTEN_BY_HAND)
def test_what_only_a_person_can_write_is_told_for_this_application(router: str) -> None:
    with pytest.raises(CanaryError) as refused:
        initialised(PLAIN, router=router)
    assert WRITTEN_BY_HAND[router] in refused.value.remedy
    assert refused.value.place is not None


def test_the_canary_that_init_asks_for_with_a_field_is_one_and_init_goes_on() -> None:
    texts = PLAIN | {"apps/values.yaml": "traffic: {canary: 0, primary: 100}\n"}
    with pytest.raises(CanaryError) as refused:
        initialised(texts, router="field")
    canary = refused.value.remedy.partition("\n\n")[2]
    now = after(texts | {"apps/canary.yaml": canary}, initialised(
        texts | {"apps/canary.yaml": canary}))  # fmt: skip
    assert set(objects(now, "Deployment")) == {"web", "web-primary"}
    assert initialised(now).stages == ()


ELSEWHERE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: edge}
spec:
  hosts: [shop.example]
  gateways: [public]
  http:
  - route:
    - destination:
        host: web.prod.svc.cluster.local
"""


def test_a_route_in_another_namespace_splits_where_it_names_the_services_whole() -> None:
    texts = PLAIN | {"edge/route.yaml": ELSEWHERE}
    prepared = initialised(texts)
    assert prepared.choice.provider == "istio"
    now = after(texts, prepared)
    assert now["edge/route.yaml"].count("host: web-primary.prod.svc.cluster.local") == 1
    assert now["edge/route.yaml"].count("host: web-canary.prod.svc.cluster.local") == 1
    assert set(objects(now, "VirtualService")) == {"web"}
    assert initialised(now).stages == ()


def test_a_short_name_in_another_namespace_is_another_service() -> None:
    texts = PLAIN | {"edge/route.yaml": ELSEWHERE.replace("web.prod.svc.cluster.local", "web")}
    now = after(texts, initialised(texts, router="istio"))
    assert now["edge/route.yaml"] == texts["edge/route.yaml"]
    assert "apps/deploy-routes.yaml" in now
