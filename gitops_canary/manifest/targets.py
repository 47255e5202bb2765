"""What a workload has to be, so that two of it can serve one Service in two versions."""

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Node
from gitops_canary.model.owned import DocRef

UNFIT_TARGETS = {
    "Service": (
        "the cluster names a Knative Service's revisions, so Git cannot name the primary",
        "name a Deployment behind another router, or leave this Canary to Flagger",
    )
}
"""Kinds that `targetRef` may name in Flagger and not here: why, and what to do."""
_IDLE = ("flagger.app/scale-to-zero",)
"""Node selectors by which Flagger puts a DaemonSet to sleep in the cluster."""


def refusal(root: Node, kind: str) -> tuple[str, str, Node] | None:
    """Say why a workload cannot be driven, what to do, and where; None where it can."""
    claims = root.get("spec", "volumeClaimTemplates")
    if kind == "StatefulSet" and claims is not None:
        return (
            "every pod has a volume of its own: two versions would serve different data",
            "roll it as the StatefulSet itself does, partition by partition",
            claims,
        )
    strategy = root.get("spec", "updateStrategy", "type")
    if strategy is not None and strategy.value == "OnDelete":
        return (
            "its pods follow Git only once somebody deletes them (updateStrategy OnDelete)",
            "let updateStrategy.type be RollingUpdate",
            strategy,
        )
    partition = root.get("spec", "updateStrategy", "rollingUpdate", "partition")
    if kind == "StatefulSet" and partition is not None and partition.value != "0":
        return (
            "its partition keeps pods of the version before",
            "remove rollingUpdate.partition: the weight does what it is for",
            partition,
        )
    for label in _IDLE if kind == "DaemonSet" else ():
        asleep = root.get("spec", "template", "spec", "nodeSelector", label)
        if asleep is not None:
            return (
                f"its node selector {label} keeps it from every node",
                "remove it: the canary of a DaemonSet runs on, without traffic",
                asleep,
            )
    return None


def fit(ref: DocRef, root: Node) -> None:
    """Make sure that a workload can be driven.

    Raises:
        BindingError: it cannot.
    """
    found = refusal(root, ref.kind)
    if found is not None:
        why, remedy, node = found
        raise BindingError(
            f"{ref.kind} {ref.name} cannot be driven: {why}.",
            remedy=remedy,
            place=Place(ref.file, node.line, node.column),
        )
