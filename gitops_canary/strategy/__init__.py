"""How a candidate meets its users: what a strategy makes of a router."""

from gitops_canary.errors import BindingError
from gitops_canary.model.spec import CanarySpec, Strategy
from gitops_canary.ports import Router
from gitops_canary.strategy.ab_test import AbTest
from gitops_canary.strategy.keeping import Keeping
from gitops_canary.strategy.mirroring import Mirroring


def outfitted(router: Router, spec: CanarySpec, *, live: bool = False) -> Router:
    """Give the router as the spec's strategy uses it; with `live` to read what a server shows.

    Raises:
        BindingError: this kind of routing object cannot carry the strategy.
    """
    if spec.policy.affinity is not None:
        if router.keeper is None:
            raise BindingError(
                f"The provider {spec.provider} cannot set cookies.",
                remedy="remove analysis.sessionAffinity, or route by istio or gatewayapi:v1",
                place=spec.place,
            )
        router = Keeping(router, router.keeper, spec.policy.affinity)
    if spec.policy.mirror is not None:
        if router.mirror is None:
            raise BindingError(
                f"The provider {spec.provider} cannot mirror requests.",
                remedy="remove analysis.mirror, or route by istio or gatewayapi:v1",
                place=spec.place,
            )
        return Mirroring(router, router.mirror)
    if spec.policy.strategy is not Strategy.AB_TEST:
        return router
    if router.matcher is None:
        raise BindingError(
            f"The provider {spec.provider} cannot match requests, so no A/B test is possible.",
            remedy="use analysis.iterations without match (blue/green), or stepWeight",
            place=spec.place,
        )
    return AbTest(router, router.matcher, spec.policy.match, live=live)
