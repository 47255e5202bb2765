"""ConfigMaps that a workload uses: the primary gets a copy of each, so that a change is tried."""

from collections.abc import Iterator

from gitops_canary.manifest import naming, tracked
from gitops_canary.manifest.initial.terrain import Document, Terrain

_TEMPLATE = ("spec", "template")


def used(workload: Document) -> frozenset[naming.Config]:
    """List the ConfigMaps and Secrets that a pod template refers to, by kind and name."""
    template = workload.root.get(*_TEMPLATE)
    return naming.configs(template) if template is not None else frozenset()


def copied(terrain: Terrain, workload: Document, namespace: str) -> Iterator[Document]:
    """Give the ConfigMaps that can be kept in step with a copy, as Flagger does.

    Secrets are left to a person: what init writes is shown, and may end in a log.
    """
    for kind, name in sorted(used(workload)):
        found = terrain.named(kind, name, namespace)
        if kind == "ConfigMap" and len(found) == 1 and _follows(found[0]):
            yield found[0]


def _follows(one: Document) -> bool:
    """Tell whether the contents may change, and nothing says that they are not to be followed."""
    notes = one.words("metadata", "annotations")
    opted_out = any(notes.get(key) == "disabled" for key in tracked.OPT_OUT)
    held = one.root.get("sops") is not None or one.word("immutable") == "true"
    return not opted_out and not held
