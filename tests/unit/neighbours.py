"""Two applications with rules of their own in one object, and what a rollout does to them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from checks import spec
from routes import Case

from gitops_canary.manifest.document import parse
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Affinity, CanarySpec, Match, Strategy
from gitops_canary.routing import ROUTERS
from gitops_canary.strategy import outfitted

FILE = Path("apps/route.yaml")
SHARED = (
    "istio-http", "istio-tcp", "istio-tls", "gateway-HTTPRoute-v1", "gateway-GRPCRoute-v1",
    "gateway-TCPRoute-v1", "linkerd-route", "contour", "kuma", "kuma-tcp", "kuma-labels", "gloo",
)  # fmt: skip
STRATEGIES = {
    "istio-http": ("weights", "match", "cookies", "mirror"),
    "gateway-HTTPRoute-v1": ("weights", "match", "cookies", "mirror"),
    "gateway-GRPCRoute-v1": ("weights", "match"),
    "contour": ("weights", "match"),
    "gloo": ("weights", "match"),
}


def cookies(canary: str, primary: str = "") -> Affinity:
    return Affinity(cookie=canary, max_age_s=60, primary_cookie=primary, primary_max_age_s=60)


def two(case: Case, *, twice: bool = False) -> str:
    """The case's object with cart's rule behind shop's, and another one of shop's behind that."""
    text = case.text
    (at,) = ROUTERS[case.provider].places(text, 0, namespace="prod", apex="shop")
    root = parse(text, file=FILE)[0]
    assert root is not None
    rule = root.get(*at)
    assert rule is not None
    start = text.rindex("\n", 0, rule.start) + 1
    end = text.index("\n", rule.end - 1) + 1
    own = text[start:end]
    return text[:end] + own.replace("shop", "cart") + (own if twice else "") + text[end:]


@dataclass(frozen=True)
class App:
    """One application, and how its candidate meets its users."""

    spec: CanarySpec

    @classmethod
    def of(cls, case: Case, apex: str, how: str) -> "App":
        one = spec(provider=case.provider, apex=apex)
        one = replace(one, target=replace(one.target, name=apex))
        policy = one.policy
        if how == "match":
            match = (Match(headers={"x-tester": ("exact", "yes")}),)
            policy = replace(policy, strategy=Strategy.AB_TEST, match=match)
        elif how == "cookies":
            policy = replace(policy, affinity=cookies(f"{apex}.c", f"{apex}.p"))
        elif how == "mirror":
            policy = replace(policy, mirror=Decimal(50))
        return cls(replace(one, policy=policy))

    def move(self, text: str, stable: str, rng: Random) -> str:
        """Do one of the things that a rollout's moves do to a routing object."""
        router, policy = outfitted(ROUTERS[self.spec.provider], self.spec), self.spec.policy
        what = rng.choice(("start", "weigh", "weigh", "back"))
        if what == "back":
            return router.restore(text, 0, stable, 0, file=FILE, **self.where)
        every = policy.strategy is Strategy.AB_TEST
        weight = Decimal(0 if what == "start" else 100 if every else rng.choice((5, 37, 50)))
        text = router.set_weight(text, 0, weight, file=FILE, **self.where)
        if what == "start" and policy.mirror and router.mirror:
            text = router.mirror.start(text, 0, policy.mirror, file=FILE, **self.where)
        if weight and policy.affinity and router.keeper:
            token = "".join(rng.choices("0123456789abcdef", k=12))
            keeper = router.keeper
            text = keeper.keep(text, 0, policy.affinity, token, file=FILE, **self.where)
        return text

    def back(self, text: str, stable: str) -> str:
        router = outfitted(ROUTERS[self.spec.provider], self.spec)
        return router.restore(text, 0, stable, 0, file=FILE, **self.where)

    def owns(self, text: str) -> tuple[object, ...]:
        """Everything that is said of it: its values, and the bytes of its places."""
        router, policy = outfitted(ROUTERS[self.spec.provider], self.spec), self.spec.policy
        mirror, keeper = router.mirror if policy.mirror else None, router.keeper
        root = parse(text, file=FILE)[0]
        assert root is not None
        rules = (root.get(*at) for at in router.places(text, 0, **self.where))
        return (
            router.weight(text, 0, file=FILE, **self.where),
            self.shape(text),
            mirror is not None and mirror.mirrored(text, 0, **self.where),
            keeper.kept(text, 0, policy.affinity, **self.where)
            if keeper and policy.affinity
            else "",
            router.exposure(text, 0, **self.where) == (),
            tuple(text[rule.start : rule.end] for rule in rules if rule),
        )

    def shape(self, text: str) -> str:
        router = outfitted(ROUTERS[self.spec.provider], self.spec)
        return router.shape(text, 0, file=FILE, **self.where)

    @property
    def where(self) -> dict[str, str]:
        return {"namespace": self.spec.namespace, "apex": self.spec.apex}
