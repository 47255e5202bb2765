"""KEDA's way to let a workload sleep: an annotation of its ScaledObject.

Facts relied on (KEDA's reference, "pause autoscaling"): while `paused-replicas` is there the
workload has so many replicas and nothing scales it; it scales again once the annotation is gone.
"""

import re

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import data, insert_key, parse, remove, splice
from gitops_canary.manifest.nodes import Node
from gitops_canary.manifest.scalars import Json
from gitops_canary.model.owned import DocRef

PAUSED = "autoscaling.keda.sh/paused-replicas"
_AT = ("metadata", "annotations", PAUSED)


def paused(text: str, ref: DocRef) -> int | None:
    """Read at how many replicas a ScaledObject is paused; None where it scales.

    Raises:
        SpecError: it is paused at something else than a number.
    """
    node = _root(text, ref).get(*_AT)
    if node is None:
        return None
    if not re.fullmatch(r"0|[1-9][0-9]{0,4}", node.value):
        raise SpecError(
            f"{PAUSED} is no number of replicas.",
            remedy="write one in quotes, or remove it",
            place=Place(ref.file, node.line, node.column),
        )
    return int(node.value)


def resume(text: str, ref: DocRef) -> str:
    """Let KEDA scale again, by deleting the annotation, and what held nothing else."""
    root = _root(text, ref)
    if root.get(*_AT) is None:
        return text
    annotations = root.get(*_AT[:-1])
    alone = annotations is not None and len(annotations.entries) == 1
    return remove(text, ref.index, _AT[:-1] if alone else _AT, file=ref.file)


def pause(text: str, ref: DocRef, replicas: int, stable_text: str, stable: DocRef | None) -> str:
    """Let the workload have so many replicas; by the stable bytes where nothing else differs."""
    if paused(text, ref) == replicas:
        return text
    text = resume(text, ref)
    if stable is not None and paused(stable_text, stable) == replicas:
        plain = resume(stable_text, stable)
        if _metadata(plain, stable) == _metadata(text, ref):
            at = _AT[:1]
            return splice(text, ref.index, at, stable_text, stable.index, at, file=ref.file)
    value = str(replicas)
    if _root(text, ref).get(*_AT[:-1]) is None:
        new: Json = {PAUSED: value}
        return insert_key(text, ref.index, _AT[:1], "annotations", new, file=ref.file)
    return insert_key(text, ref.index, _AT[:-1], PAUSED, value, file=ref.file)


def _metadata(text: str, ref: DocRef) -> Json:
    node = _root(text, ref).get("metadata")
    assert node is not None, "documents are found by their names"
    return data(node, file=ref.file)


def _root(text: str, ref: DocRef) -> Node:
    root = parse(text, file=ref.file)[ref.index]
    assert root is not None, "documents are named by their headers"
    return root
