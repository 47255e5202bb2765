"""The routers on real routing objects, whose first two destinations play primary and canary."""

import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
from corpus import manifests

from gitops_canary.errors import CanaryError, SpecError
from gitops_canary.manifest.document import Node, Pointer, parse, set_scalar
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Affinity, Match
from gitops_canary.routing import ROUTERS
from gitops_canary.routing.either import Either
from gitops_canary.routing.identity import Names
from gitops_canary.routing.lists import Lists

KINDS = {
    "VirtualService": ("istio", ("destination", "host")),
    "HTTPRoute": ("gatewayapi:v1", ("name",)),
    "GRPCRoute": ("gatewayapi:v1", ("name",)),
    "TCPRoute": ("gatewayapi:v1", ("name",)),
    "TLSRoute": ("gatewayapi:v1", ("name",)),
    "HTTPProxy": ("contour", ("name",)),
    "TraefikService": ("traefik", ("name",)),
    "TrafficSplit": ("smi:v1alpha1", ("service",)),
    "MeshHTTPRoute": ("kuma", ("name",)),
    "TrafficRoute": ("kuma", ("destination", "kuma.io/service")),
    "ApisixRoute": ("apisix", ("serviceName",)),
}
WHERE = {"namespace": "prod", "apex": "shop"}
REASONS = (
    "is not a",  # a placeholder for a number
    "share evenly",
    "is missing in this list",
    "both have weight 0",
    "stands alone with weight 0",
    "different weights",
    "no whole number",
    "names one side twice",
    "cannot be changed safely",
)


def sample(kind: str, most: int) -> list[tuple[str, str]]:
    """Give files of a kind, evenly chosen; `CORPUS=whole ./test <this file> -s` takes all."""
    found = list(manifests(kind))
    return found if os.environ.get("CORPUS") == "whole" else found[:: -(-len(found) // most)]


def driven(provider: str, root: Node) -> Lists | None:
    """Find the engine for a document; None for another API group."""
    router = ROUTERS[provider]
    version, kind = root.get("apiVersion"), root.get("kind")
    if version is None or kind is None:
        return None
    key = (version.value.rpartition("/")[0], kind.value)
    if key not in router.kinds:
        return None
    one = router._by_kind[key] if isinstance(router, Either) else router
    assert isinstance(one, Lists)
    return one


def documents(provider: str, name: str, text: str) -> Iterator[tuple[int, Lists]]:
    """Give the documents of a file that a provider drives; none where it is no YAML."""
    try:
        roots = parse(text, file=name)
    except SpecError:
        return
    for index, root in enumerate(roots):
        one = driven(provider, root) if root else None
        if one is not None:
            yield index, one


def cast(text: str, index: int, one: Lists, at: Pointer) -> str | None:
    """Name the first two entries of the first list after the two sides."""
    root = parse(text, file="corpus")[index]
    assert root is not None
    for group in one.groups(root):
        entries = [e for e in group.entries if root.get(*e, *at) is not None][:2]
        acted = text
        for entry, side in zip(entries, ("primary", "canary"), strict=False):
            acted = set_scalar(acted, index, (*entry, *at), f"shop-{side}", file="corpus")
        now = parse(acted, file="corpus")[index]
        assert now is not None
        names = Names(namespace="prod", apex="shop")
        seen = [now.get(*entry) for entry in entries]
        # Other kinds of backends, and those of another namespace, are nobody's side.
        if entries and all(one.meaning.identify(now, e, names) for e in seen if e is not None):
            return acted
    return None


def changed(before: str, after: str) -> tuple[int, int]:
    """Count lines that went and lines that came."""
    a, b = Counter(before.splitlines()), Counter(after.splitlines())
    return (a - b).total(), (b - a).total()


def play(provider: str, text: str, index: int) -> int:
    """Set weights, and put everything back."""
    router, file = ROUTERS[provider], Path("corpus")
    stable = router.set_weight(text, index, Decimal(0), file=file, **WHERE)
    now = stable
    for weight in (Decimal(50), Decimal(100)):
        new = router.set_weight(now, index, weight, file=file, **WHERE)
        assert router.weight(new, index, file=file, **WHERE) == weight
        assert router.set_weight(new, index, weight, file=file, **WHERE) == new
        assert router.shape(new, index, file=file, **WHERE) == router.shape(
            text, index, file=file, **WHERE
        )
        gone, came = changed(now, new)
        assert gone <= came
        assert router.restore(new, index, stable, index, file=file, **WHERE) == stable
        now = new
    return 1


ABLE = ("VirtualService", "HTTPRoute", "GRPCRoute", "HTTPProxy")
INSIDER = (Match(headers={"x-canary": ("exact", "insider")}),)
COOKIES = Affinity(cookie="to-new", max_age_s=60, primary_cookie="to-old", primary_max_age_s=6)
STRATEGY_REASONS = (
    *REASONS,
    "Only HTTP rules",
    "already mirrors",
    "no list in block style",
    "odd form",
    "another cookie",
    "cannot be changed",
    "asks for",
    "by header",  # a route of connections in the same file
    "is no list",
)


def strategies(provider: str, text: str, index: int) -> Counter[str]:
    """Write A/B rules, a mirror and cookies into an object, and take each out again."""
    router, file = ROUTERS[provider], Path("corpus")
    five = router.set_weight(text, index, Decimal(50), file=file, **WHERE)
    done = Counter[str]()
    matcher, mirror, keeper = router.matcher, router.mirror, router.keeper
    if matcher is not None:
        on = matcher.add(five, index, INSIDER, file=file, **WHERE)
        assert matcher.rules(on, index, INSIDER, **WHERE)
        assert matcher.take(on, index, INSIDER, file=file, **WHERE) == five
        done["A/B"] += 1
    if mirror is not None and not mirror.mirrored(five, index, **WHERE):
        on = mirror.start(five, index, Decimal(30), file=file, **WHERE)
        assert mirror.mirrored(on, index, **WHERE)
        assert mirror.stop(on, index, file=file, **WHERE) == five
        done["mirror"] += 1
    if keeper is not None:
        on = keeper.keep(five, index, COOKIES, "0123456789ab", file=file, **WHERE)
        assert keeper.kept(on, index, COOKIES, **WHERE) == "0123456789ab"
        assert keeper.release(on, index, COOKIES, file=file, **WHERE) == five
        done["cookies"] += 1
    return done


@pytest.mark.parametrize("kind", ABLE)
def test_strategies_come_and_go_in_real_objects(kind: str) -> None:
    provider, at = KINDS[kind]
    done, refused = Counter[str](), Counter[str]()
    for name, text in sample(kind, 10):
        for index, one in documents(provider, name, text):
            try:
                acted = cast(text, index, one, at)
                done += strategies(provider, acted, index) if acted else Counter()
            except CanaryError as error:
                known = next((r for r in STRATEGY_REASONS if r in error.problem), str(error))
                refused[known if error.place else "no place"] += 1
    print(kind, dict(done), dict(refused))
    assert done.total() > 0
    assert set(refused) <= set(STRATEGY_REASONS)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_real_objects_go_round_and_are_restored(kind: str) -> None:
    provider, at = KINDS[kind]
    done, refused = 0, Counter[str]()
    for name, text in sample(kind, 25):
        for index, one in documents(provider, name, text):
            try:
                acted = cast(text, index, one, at)
                done += play(provider, acted, index) if acted else 0
            except CanaryError as error:
                known = next((r for r in REASONS if r in error.problem), str(error))
                refused[known if error.place else "no place"] += 1
    print(kind, done, dict(refused))
    assert done > 0
    assert set(refused) <= set(REASONS)
