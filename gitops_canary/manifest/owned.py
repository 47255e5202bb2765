"""Reading every owned value of one canary in one revision."""

from collections.abc import Callable

from gitops_canary.errors import BindingError
from gitops_canary.manifest import template, versions
from gitops_canary.model.names import Path
from gitops_canary.model.owned import Binding, Owned
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router


def owned(spec: CanarySpec, binding: Binding, text: Callable[[Path], str], router: Router) -> Owned:
    """Read both sides, the weight and the shape of the routes.

    Raises:
        BindingError: the routing objects disagree about the weight.
        SpecError: a value cannot be read.
    """
    weights, shapes = set(), []
    for ref in binding.routes:
        weights.add(
            router.weight(
                text(ref.file), ref.index, file=ref.file, namespace=spec.namespace, apex=spec.apex
            )
        )
        shapes.append(
            router.shape(
                text(ref.file), ref.index, file=ref.file, namespace=spec.namespace, apex=spec.apex
            )
        )
    if len(weights) > 1:
        raise BindingError(
            "The routing objects give the canary different weights.",
            remedy="set the same weight in all of them",
            place=spec.place,
        )
    candidate, primary = versions.sides(binding.versions, text)
    return Owned(
        candidate=candidate,
        primary=primary,
        weight=weights.pop(),
        shape=template.digest([str(shape) for shape in shapes]),
        mirrored=_mirrored(spec, binding, text, router),
        kept=_kept(spec, binding, text, router),
    )


def _kept(spec: CanarySpec, binding: Binding, text: Callable[[Path], str], router: Router) -> str:
    """Give the token of the cookies that the Canary asks for; several where routes differ."""
    affinity, keeper = spec.policy.affinity, router.keeper
    if affinity is None or keeper is None:
        return ""
    where = {"namespace": spec.namespace, "apex": spec.apex}
    found = {keeper.kept(text(r.file), r.index, affinity, **where) for r in binding.routes}
    return " ".join(sorted(found))


def _mirrored(
    spec: CanarySpec, binding: Binding, text: Callable[[Path], str], router: Router
) -> bool:
    """Tell whether the mirror is on that the Canary asks for; another one is part of the shape."""
    mirror = router.mirror if spec.policy.mirror is not None else None
    return mirror is not None and any(
        mirror.mirrored(text(ref.file), ref.index, namespace=spec.namespace, apex=spec.apex)
        for ref in binding.routes
    )
