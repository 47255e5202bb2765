"""Who owns the replicas of a workload: a HorizontalPodAutoscaler or a ScaledObject beside it."""

from collections.abc import Callable, Sequence

from gitops_canary.errors import BindingError
from gitops_canary.manifest.document import parse
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import CanarySpec

KINDS = frozenset({"HorizontalPodAutoscaler", "ScaledObject"})


def of(
    workload: DocRef, documents: Sequence[DocRef], text: Callable[[Path], str]
) -> tuple[DocRef, ...]:
    """List the scalers whose `scaleTargetRef` names a workload."""
    return tuple(ref for ref in documents if ref.kind in KINDS and _scales(ref, workload, text))


def both(spec: CanarySpec, own: Sequence[DocRef], others: Sequence[DocRef]) -> None:
    """Make sure that what `autoscalerRef` names is there, and that the primary is scaled too.

    Raises:
        BindingError: it is not.
    """
    if not spec.autoscaler:
        return
    kind, name = spec.autoscaler
    if not any((ref.kind, ref.name) == (kind, name) for ref in own):
        raise BindingError(
            f"There is no {kind} {name} that scales {spec.target.kind} {spec.target.name}.",
            remedy="correct spec.autoscalerRef, or the scaler's scaleTargetRef",
            place=spec.place,
        )
    if not others:
        raise BindingError(
            f"{spec.target.name} has a scaler, {spec.target.name}-primary has none.",
            remedy="commit a copy for the primary; `gitops-canary import flagger` writes it",
            place=spec.place,
        )


def _scales(ref: DocRef, workload: DocRef, text: Callable[[Path], str]) -> bool:
    root = parse(text(ref.file), file=ref.file)[ref.index]
    target = root.get("spec", "scaleTargetRef") if root else None
    name, kind = (target.get(key) if target else None for key in ("name", "kind"))
    same = kind is None or kind.value == workload.kind
    return same and name is not None and name.value == workload.name
