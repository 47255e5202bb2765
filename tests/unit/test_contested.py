"""What several Canaries claim: documents, rules of one object, and cookies."""

from collections.abc import Mapping
from dataclasses import replace

from checks import spec

from gitops_canary.core.breakglass import breakglass, without
from gitops_canary.core.edits import Ground
from gitops_canary.manifest import bindings, catalog
from gitops_canary.manifest.contested import conflicts
from gitops_canary.manifest.owned import owned
from gitops_canary.model.names import CanaryId, Path
from gitops_canary.model.owned import Binding
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import Affinity, CanarySpec
from gitops_canary.routing import ROUTERS

SHOP, CART = CanaryId("prod/shop"), CanaryId("prod/cart")
HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: site}
spec:
  hosts: [site.example]
  http:
"""
RULE = """\
    - name: {name}
      route:
        - {{destination: {{host: {name}-primary}}, weight: {primary}}}
        - {{destination: {{host: {name}-canary}}, weight: {canary}}}
"""


def rule(name: str, weight: int = 0) -> str:
    return RULE.format(name=name, primary=100 - weight, canary=weight)


def one_of(canary: CanaryId, cookie: str = "") -> CanarySpec:
    name = canary.partition("/")[2]
    made = spec(provider="istio", apex=name)
    target = replace(made.target, name=name)
    affinity = Affinity(cookie=cookie, max_age_s=60) if cookie else None
    policy = replace(made.policy, affinity=affinity)
    return replace(made, id=canary, target=target, policy=policy)


def ground(one: CanarySpec, route: str) -> Ground:
    name = one.target.name
    workloads = "".join(
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {side}}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {side}}}}}\n"
        f"  template: {{spec: {{containers: [{{name: app, image: 'x:1'}}]}}}}\n"
        for side in (name, f"{name}-primary")
    )
    texts = {Path(f"{name}.yaml"): workloads, Path("routes.yaml"): route}
    found = [ref for file, text in texts.items() for ref in catalog.headers(text, file=file)]
    read, router = texts.__getitem__, ROUTERS["istio"]
    binding = bindings.resolve(one, found, read, router, exists=texts.__contains__)
    values = owned(one, binding, read, router)
    return Ground(binding=binding, texts=texts, owned=values)


def bound(route: str, *cookies: str) -> Mapping[CanaryId, Binding]:
    names = cookies or ("", "")
    return {
        canary: ground(one_of(canary, cookie), route).binding
        for canary, cookie in zip((SHOP, CART), names, strict=True)
    }


def test_rules_of_one_object_are_two_places() -> None:
    assert conflicts(bound(HEAD + rule("shop") + rule("cart"))) == {}


def test_a_list_with_both_is_one_place_and_each_claim_is_named_with_where_it_is() -> None:
    both = rule("shop") + "".join(rule("cart").splitlines(keepends=True)[2:])
    found = conflicts(bound(HEAD + both))
    assert set(found) == {SHOP, CART}
    assert found[SHOP].problem == (
        "Document 1 of routes.yaml is owned by prod/cart, prod/shop: prod/cart has spec.http[0] "
        "(routes.yaml:7:7), prod/shop has spec.http[0] (routes.yaml:7:7)."
    )
    assert str(found[SHOP].place) == "routes.yaml:7:7"
    assert "give each a rule of its own" in found[SHOP].remedy


def test_who_rolls_goes_on_and_the_newcomer_is_refused() -> None:
    both = rule("shop") + "".join(rule("cart").splitlines(keepends=True)[2:])
    assert set(conflicts(bound(HEAD + both), {SHOP})) == {CART}
    assert set(conflicts(bound(HEAD + both), {SHOP, CART})) == {SHOP, CART}


def test_one_cookie_for_both_in_one_object_is_refused() -> None:
    route = HEAD + rule("shop") + rule("cart")
    assert conflicts(bound(route, "shop.c", "cart.c")) == {}
    found = conflicts(bound(route, "stay", "stay"))
    assert found[CART].problem == (
        "prod/cart, prod/shop keep their users by one cookie, stay, in one object."
    )
    assert "analysis.sessionAffinity" in found[CART].remedy


def test_what_lies_in_a_place_is_no_other_s() -> None:
    shop, cart = bound(HEAD + rule("shop") + rule("cart")).values()
    whole = [replace(one, at=()) if one.file == "routes.yaml" else one for one in shop.spots]
    found = conflicts({SHOP: replace(shop, spots=tuple(whole)), CART: cart})
    assert set(found) == {SHOP, CART}
    assert "prod/shop has all of it" in found[SHOP].problem


def test_who_takes_traffic_off_by_hand_puts_nothing_back_on_another_one() -> None:
    """Each had a command of its own, and the second one gave the first one its weight again."""
    route = HEAD + rule("shop", 10) + rule("cart", 25)
    grounds = {canary: ground(one_of(canary), route) for canary in (SHOP, CART)}
    router, taken = ROUTERS["istio"], dict[Path, str]()
    for canary, here in grounds.items():
        taken |= without(taken, one_of(canary), here, Action.ADVANCE, router)
    found = [
        breakglass(one_of(canary), here, Action.ADVANCE, router, taken)
        for canary, here in grounds.items()
    ]
    commands = {one.commands for one in found if one}
    assert len(commands) == 1
    [command] = commands
    assert command.count('"weight": 100') == command.count('"weight": 0') == 2
    assert "# (VirtualService site takes it off other canaries too)" in command


def test_a_primary_that_is_replaced_keeps_its_traffic_where_another_one_s_goes() -> None:
    route = HEAD + rule("shop", 10) + rule("cart", 25)
    shop, cart = ground(one_of(SHOP), route), ground(one_of(CART), route)
    router = ROUTERS["istio"]
    taken = without({}, one_of(SHOP), shop, Action.PROMOTE, router)
    assert taken == {}
    found = breakglass(one_of(CART), cart, Action.ADVANCE, router, taken)
    assert found is not None
    assert '"weight": 10}' in found.commands
