"""Going up the whole ladder on paper, so that no rollout stops half way at a weight."""

from decimal import Decimal

from gitops_canary.core.text import percent
from gitops_canary.errors import BindingError, CanaryError
from gitops_canary.manifest.document import Node, parse
from gitops_canary.manifest.without import without
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router
from gitops_canary.rule_ports import Sharing


def rehearse(spec: CanarySpec, ref: DocRef, text: str, router: Router) -> None:
    """Write every step of the ladder, and 0 again, into one routing object and read it back.

    Raises:
        BindingError, EditRefused: a weight cannot be written there, or reads as another.
    """
    own = _own(spec, ref, text, router)
    if own is not None:
        try:
            return _climb(spec, ref, own, router)
        except CanaryError:
            pass  # said with its line in the whole text, by what follows
    return _climb(spec, ref, text, router)


def _own(spec: CanarySpec, ref: DocRef, text: str, router: Router) -> str | None:
    """Leave out the rules of other applications, in which no step writes; None without any."""
    if not isinstance(router, Sharing):
        return None
    mine = router.places(text, ref.index, namespace=spec.namespace, apex=spec.apex)
    others = router.sided(text, ref.index, namespace=spec.namespace) - set(mine)
    return without(text, ref.index, others) if others and () not in mine else None


def _climb(spec: CanarySpec, ref: DocRef, text: str, router: Router) -> None:
    where = {"namespace": spec.namespace, "apex": spec.apex}
    for weight in (Decimal(0), *spec.policy.steps, *spec.policy.descent, Decimal(0)):
        text = router.set_weight(text, ref.index, weight, file=ref.file, **where)
        if spec.policy.affinity is not None and router.keeper is not None and weight > 0:
            token = "0" * 12
            text = router.keeper.keep(
                text, ref.index, spec.policy.affinity, token, file=ref.file, **where
            )
        found = router.weight(text, ref.index, file=ref.file, **where)
        if found != weight:
            raise BindingError(
                f"{percent(weight)} % written into {ref.kind} {ref.name} reads as "
                f"{percent(found)} %.",
                remedy="choose weights that the object's total expresses exactly",
                place=spec.place,
            )
    if spec.policy.mirror is not None and router.mirror is not None:
        router.mirror.start(text, ref.index, spec.policy.mirror, file=ref.file, **where)


def always(spec: CanarySpec, ref: DocRef, text: str, router: Router) -> tuple[str, ...]:
    """Name the places that send traffic to the canary whatever the weight is."""
    found = router.exposure(text, ref.index, namespace=spec.namespace, apex=spec.apex)
    root = parse(text, file=ref.file)[ref.index]
    places = [root.get(*at) if root else None for at in found]
    return tuple(f"{ref.file}:{node.line}" for node in places if isinstance(node, Node))
