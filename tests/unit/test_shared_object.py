"""Two applications with rules of their own in one object: neither's moves touch the other's."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from neighbours import FILE, SHARED, STRATEGIES, App, cookies, two
from routes import CASES

from gitops_canary.errors import Place
from gitops_canary.manifest.contested import conflicts
from gitops_canary.manifest.document import Node, parse
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import CanaryId, Path
from gitops_canary.model.owned import Binding, Fields, Spot
from gitops_canary.routing import FOUNDERS, ROUTERS, istio, owners
from gitops_canary.routing.cookies import _tokens
from gitops_canary.routing.identity import Found, Names
from gitops_canary.strategy import outfitted

OWN = tuple(sorted(CASES.keys() - set(SHARED) - {n for n in CASES if n.startswith("gateway-")}))
PLAYS = [
    (name, one, other)
    for name in SHARED
    for one in STRATEGIES.get(name, ("weights",))
    for other in STRATEGIES.get(name, ("weights",))
]


@pytest.mark.parametrize("twice", [False, True], ids=["", "twice"])
@pytest.mark.parametrize(("name", "one", "other"), PLAYS, ids=["-".join(play) for play in PLAYS])
def test_neither_notices_the_other_and_both_go_back_to_the_same_bytes(
    name: str, one: str, other: str, *, twice: bool
) -> None:
    case, rng = CASES[name], Random(f"{name} {one} {other}")  # noqa: S311 - no secret
    stable = text = two(case, twice=twice)
    apps = App.of(case, "shop", one), App.of(case, "cart", other)
    first = {app.spec.apex: app.shape(text) for app in apps}
    for _ in range(6):
        mover, watcher = rng.sample(apps, 2)
        was = watcher.owns(text)
        text = mover.move(text, stable, rng)
        assert watcher.owns(text) == was
        assert mover.shape(text) == first[mover.spec.apex]
    for app in rng.sample(apps, 2):
        text = app.back(text, stable)
    assert text == stable


@pytest.mark.parametrize("name", SHARED)
def test_what_a_person_does_in_the_others_rule_is_no_change_of_mine(name: str) -> None:
    case = CASES[name]
    text = two(case)
    shop, cart = App.of(case, "shop", "weights"), App.of(case, "cart", "weights")
    router = ROUTERS[case.provider]
    (at,) = router.places(text, 0, **cart.where)
    root = parse(text, file=FILE)[0]
    assert root is not None
    rule = root.get(*at)
    assert rule is not None
    # A key of the rule's own, as its first one.
    edited = f"{text[: rule.start]}zzz: 3s\n{' ' * (rule.column - 1)}{text[rule.start :]}"

    assert shop.shape(edited) == shop.shape(text)
    assert cart.shape(edited) != cart.shape(text)


@pytest.mark.parametrize("name", SHARED)
def test_what_both_share_is_a_change_for_both(name: str) -> None:
    case = CASES[name]
    text = two(case)
    edited = text.replace("\nspec:", "\nspec:\n  timeout: 3s", 1)

    for apex in ("shop", "cart"):
        app = App.of(case, apex, "weights")
        assert app.shape(edited) != app.shape(text)


@pytest.mark.parametrize("name", OWN)
def test_the_others_have_an_object_of_their_own(name: str) -> None:
    case = CASES[name]
    assert ROUTERS[case.provider].places(case.text, 0, namespace="prod", apex="shop") == ((),)


ISTIO = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop.example]
  http:
"""


def test_a_rule_of_a_namespace_beside_mine_and_one_by_subset_are_others() -> None:
    shop = App.of(CASES["istio-http"], "shop", "weights")
    mine = "  - route: [{destination: {host: shop-primary.prod}, weight: 100}]\n"
    spaced = "  - route: [{destination: {host: shop-primary.test.svc.cluster.local}, weight: 9}]\n"
    subset = "  - route: [{destination: {host: mail, subset: primary}, weight: 9}]\n"
    plain = "  - route: [{destination: {host: mail}, weight: 9}]\n"
    alone = shop.shape(ISTIO + mine)

    assert shop.shape(ISTIO + spaced + mine) == alone
    assert shop.shape(ISTIO + subset + mine) == alone
    assert shop.shape(ISTIO + plain + mine) != alone  # it may be the way past the split


def test_a_mirror_that_a_person_put_into_the_others_rule_stays() -> None:
    shop = App.of(CASES["istio-http"], "shop", "mirror")
    text = two(CASES["istio-http"]) + "    mirror: {host: shop-canary}\n"
    router = outfitted(ROUTERS["istio"], shop.spec)

    assert router.mirror is not None
    assert not router.mirror.mirrored(text, 0, **shop.where)
    assert router.set_weight(text, 0, Decimal(0), file=FILE, **shop.where) == text


def test_a_cookie_that_ends_on_the_name_of_mine_hides_no_token() -> None:
    """The first token that was found decided, and it was the other one's."""
    case = CASES["istio-http"]
    shop, cart = App.of(case, "shop", "cookies"), App.of(case, "cart", "cookies")
    theirs = replace(cart.spec.policy, affinity=cookies("my-shop.c"))
    router = outfitted(ROUTERS["istio"], shop.spec)
    keeper, where = router.keeper, shop.where
    assert keeper is not None
    assert shop.spec.policy.affinity is not None
    assert theirs.affinity is not None
    text = keeper.keep(two(case), 0, theirs.affinity, "0" * 12, file=FILE, **cart.where)
    text = keeper.keep(text, 0, shop.spec.policy.affinity, "f" * 12, file=FILE, **where)

    assert keeper.kept(text, 0, shop.spec.policy.affinity, **where) == "f" * 12


def test_whose_a_rule_is_costs_no_more_for_each_header_where_many_are_set() -> None:
    """Every text was tried as the namespace of every other: 14 KiB took two seconds."""
    asked: list[Names] = []

    def counts(headers: int) -> int:
        asked.clear()
        sets = ", ".join(f"x-{n}: v{n}" for n in range(headers))
        far = f"[{{destination: {{host: far}}, headers: {{request: {{set: {{{sets}}}}}}}}}]"
        text = f"spec:\n  http:\n    - route: {far}\n"
        [(_, known)] = owners.owners(text, 0, istio.ISTIO.groups, counting, "prod")
        assert not known
        return len(asked)

    def identify(root: Node, entry: Node, names: Names) -> Found | None:
        asked.append(names)
        return istio.ISTIO.meaning.identify(root, entry, names)

    counting = replace(istio.ISTIO.meaning, identify=identify)
    assert counts(400) < 5 * counts(100)


def test_of_hundreds_of_strange_tokens_a_few_are_tried() -> None:
    """Each costs edits of the whole text; a minute for 2000 of them."""
    strange = " ".join(f"who={n:012x}" for n in range(500))
    root = parse(f"notes: {strange}\n", file=FILE)[0]
    assert root is not None
    assert 1 < len(_tokens(root, cookies("who"))) < 50


def test_a_field_that_is_called_cookie_is_no_cookie() -> None:
    """It ended `lint`, and every look at the repository."""
    at = Path("values.yaml")
    spot = Spot(at, 0, ("cookie",), Place(at, 1, 9))
    versions = Fields(pairs=())
    both = {CanaryId(n): Binding(versions=versions, routes=(), spots=(spot,)) for n in "ab"}
    found = conflicts(both)
    assert found.keys() == both.keys()
    assert "a has cookie (values.yaml:1:9)" in found[CanaryId("a")].problem


def test_an_alias_in_the_others_rule_is_no_hindrance_to_reading_mine() -> None:
    """Whoever had an A/B test could not be read any more, and no file was named."""
    text = two(CASES["istio-http"])
    theirs = "    - {destination: {host: cart-canary}, weight: 0}\n"
    assert theirs in text
    aliased = "    - {destination: &there {host: cart-canary}, weight: 0}\n    mirror: *there\n"
    shop = App.of(CASES["istio-http"], "shop", "match")
    assert shop.owns(text.replace(theirs, aliased)) == shop.owns(text)


def test_a_first_split_leaves_the_rule_beside_it_as_it_is() -> None:
    rule = "  - match: [{uri: {prefix: /cart}}]\n    route: [{destination: {host: cart}}]\n"
    text, founder = CASES["istio-http"].text + rule, FOUNDERS["istio"]
    wanted = Wanted(namespace="prod", apex="cart")
    assert founder.leads(text, 0, wanted)
    new, more = founder.adopt(text, 0, wanted, file=FILE)
    assert more == ()
    assert new.startswith(CASES["istio-http"].text)
    shop, cart = (App.of(CASES["istio-http"], apex, "weights") for apex in ("shop", "cart"))
    assert shop.owns(new)[0] == cart.owns(new)[0] == 0
