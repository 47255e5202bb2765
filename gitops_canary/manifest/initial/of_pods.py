"""What two versions of a pod would share that only one of them can have."""

from collections.abc import Iterator

from gitops_canary.errors import Place
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.remark import Remark

_PODS = ("spec", "template", "spec")


def volumes(choice: Choice) -> Iterator[Remark]:
    """Find volumes that both would write to."""
    volumes = choice.workload.root.get(*_PODS, "volumes")
    for index, one in enumerate(volumes.items if volumes else ()):
        claim = one.get("persistentVolumeClaim", "claimName")
        if claim is not None:
            yield Remark(
                place=choice.workload.at(*_PODS, "volumes", index),
                what=f"two versions would share the volume {claim.value} and write to it",
                remedy="keep data out of the pods, or let the primary have a claim of its own",
            )


def ports(choice: Choice) -> Iterator[Remark]:
    """Say where pods of the two versions cannot be on one node."""
    pods = choice.workload.root.get(*_PODS)
    found = [
        node
        for one in (pods.walk() if pods is not None else ())
        for key, node in one.entries
        if key.value == "hostPort" or (key.value == "hostNetwork" and node.value == "true")
    ]
    if found:
        yield Remark(
            place=Place(choice.workload.ref.file, found[0].line, found[0].column),
            what="its pods take ports of their nodes, so no node can have one of each version",
            remedy="keep as many nodes free as it has pods, or let a Service lead to its ports",
        )
