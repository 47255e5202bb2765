"""How a candidate meets its users: what a strategy makes of a router."""

from gitops_canary.errors import BindingError
from gitops_canary.model.spec import CanarySpec, Strategy
from gitops_canary.ports import Router
from gitops_canary.strategy.ab_test import AbTest


def outfitted(router: Router, spec: CanarySpec) -> Router:
    """Give the router as the spec's strategy uses it.

    Raises:
        BindingError: this kind of routing object cannot carry the strategy.
    """
    if spec.policy.strategy is not Strategy.AB_TEST:
        return router
    if router.matcher is None:
        raise BindingError(
            f"The provider {spec.provider} cannot match requests, so no A/B test is possible.",
            remedy="use analysis.iterations without match (blue/green), or stepWeight",
            place=spec.place,
        )
    return AbTest(router, router.matcher, spec.policy.match)
