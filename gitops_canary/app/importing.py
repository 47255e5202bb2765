"""Reading the documents of other tools in a checkout, and writing ours."""

from collections.abc import Iterator
from pathlib import Path as LocalPath

from gitops_canary.app.linting import WORK_TREE, Folder
from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import document
from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.import_flagger import Imported, flagger_canary
from gitops_canary.manifest.import_rollouts import rollout
from gitops_canary.manifest.scaler_copy import KINDS, asked, primary_scaler

_SCALER = ("spec", "autoscalerRef")


def imported(root: LocalPath, tool: str) -> list[Imported]:
    """Turn every Canary of Flagger, or every Rollout, below a folder into documents of ours."""
    trees = list(_trees(Folder(root)))
    if tool == "flagger":
        return [
            _with_scaler(flagger_canary(node, file=file), node, trees)
            for file, node in trees
            if _is(node, "flagger.app", "Canary") and node.get("spec") is not None
        ]
    templates = {
        name.value: node
        for file, node in trees
        if _is(node, "argoproj.io", "AnalysisTemplate", "ClusterAnalysisTemplate")
        and (name := node.get("metadata", "name")) is not None
    }
    return [
        rollout(node, templates, file=file)
        for file, node in trees
        if _is(node, "argoproj.io", "Rollout")
    ]


def _with_scaler(
    found: Imported, canary: document.Node, trees: list[tuple[str, document.Node]]
) -> Imported:
    """Add the primary's scaler, where the Canary names the target's and it lies in the checkout."""
    name, kind = canary.get(*_SCALER, "name"), canary.get(*_SCALER, "kind")
    target = canary.get("spec", "targetRef", "name")
    if name is None or kind is None or target is None or kind.value not in KINDS:
        return found
    for file, node in trees:
        own = node.get("metadata", "name")
        if own is None or own.value != name.value or not _is_kind(node, kind.value):
            continue
        limits, queries = asked(canary)
        copy, derived = primary_scaler(
            node,
            target=target.value,
            limits=limits,
            queries=queries,
            file=file,
        )
        found.documents.append(copy)
        place = Place(file, node.line, node.column)
        found.lost += [(place, f"look at the primary's query of the trigger {n}") for n in derived]
    return found


def _is_kind(node: document.Node, kind: str) -> bool:
    found = node.get("kind")
    return found is not None and found.value == kind


def text(documents: Imported) -> str:
    """Write the documents of one import as a file's text."""
    return "".join(f"---\n{block(one)}" for one in documents.documents)


def _trees(folder: Folder) -> Iterator[tuple[str, document.Node]]:
    for path, blob in folder.files(WORK_TREE).items():
        try:
            whole = document.text_of(folder.read([blob.id])[blob.id], file=path)
            roots = document.parse(whole, file=path)
        except SpecError:
            # A file that is no YAML holds none of these documents; `doctor` tells of it.
            continue
        yield from ((path, root) for root in roots if root is not None)


def _is(node: document.Node, group: str, *kinds: str) -> bool:
    version, kind = node.get("apiVersion"), node.get("kind")
    return (
        version is not None
        and kind is not None
        and version.value.partition("/")[0] == group
        and kind.value in kinds
    )
