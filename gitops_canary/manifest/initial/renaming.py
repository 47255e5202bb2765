"""Names that kustomize gives to everything: `namePrefix` and `nameSuffix`.

It renames Deployments and Services, and what it knows to name them: autoscalers and Ingresses. What
it does not know (routes of Istio and of the Gateway API, KEDA's scalers) has to give the whole name
itself, and that is the name the controller goes by.
"""

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Node
from gitops_canary.manifest.kustomize import Kustomization

UNTOUCHED = ("istio", "gatewayapi:v1", "gatewayapi:v1beta1")
"""Providers whose routes keep the names they give; the objects of others name each other too."""


def prefix(root: Node) -> str:
    """Give a kustomization's prefix; empty where it has none."""
    node = root.get("namePrefix")
    return node.value if node is not None else ""


def check(
    root: Node, layer: Kustomization, name: str, *, listed: bool, missed: bool, provider: str
) -> None:
    """Make sure that the primary gets the workload's name, and `-primary` behind it.

    `listed` says that versions lie in fields; `missed` that the primary stands further out.

    Raises:
        BindingError: it would not, or the controller would look for another name.
    """
    suffix, node = root.get("nameSuffix"), root.get("namePrefix")
    if suffix is not None and suffix.value:
        whole = f"{name}{suffix.value}"
        raise BindingError(
            f"nameSuffix {suffix.value!r} gives {name} another name in the cluster, and its "
            f"primary {name}-primary{suffix.value}, where {whole}-primary is looked for.",
            remedy=f"write the whole name, {whole}, into the manifests of {name} and its Services, "
            "or set it by a patch of /metadata/name with `options: {allowNameChange: true}`, and "
            "take nameSuffix out",
            place=Place(layer.file, suffix.line, suffix.column),
        )
    if node is None or not node.value:
        return
    whole = f"write the whole name, {node.value}{name}, into the manifests, and take it out"
    if missed:
        why, remedy = "what the overlay adds does not get it", "move it into the overlay"
    elif not listed:
        why = "whole templates are found by the workload's name in the cluster"
        remedy = f"let an `images:` entry set the version, or {whole}"
    elif provider not in UNTOUCHED:
        why = f"it renames a part of what {provider} goes by, and leaves the rest"
        remedy = whole
    elif root.get("configurations") is not None:
        why, remedy = "`configurations` may rename routes too", whole
    else:
        return
    raise BindingError(
        f"namePrefix {node.value!r} stands in the way: {why}.",
        remedy=remedy,
        place=Place(layer.file, node.line, node.column),
    )
