"""ConfigMaps and Secrets that are part of a version: the candidate's, and the primary's copies.

A config that the candidate's pod template refers to is tracked where a copy `<name>-primary` lies
in the same repository and the primary refers to it. Everything else is shared.
"""

from collections.abc import Callable, Iterable, Mapping

from gitops_canary.errors import BindingError, EditRefused, Place
from gitops_canary.manifest import field_values, naming
from gitops_canary.manifest.document import Json, Node, parse
from gitops_canary.model.kept import remembered
from gitops_canary.model.names import Path
from gitops_canary.model.owned import ConfigPair, DocRef, FieldRef, Templates

KINDS = ("ConfigMap", "Secret")
OPT_OUT = ("flagger.app/config-tracking", "gitops-canary.dev/config-tracking")
_SECTIONS = ("data", "binaryData", "stringData")
_TEMPLATE = ("spec", "template")
_KNOWN = 4096
"""Workloads whose words are kept: most stay as they are from one revision to the next."""
Texts = Mapping[Path, str]


def pairs(
    candidate: DocRef, primary: DocRef, documents: Iterable[DocRef], text: Callable[[Path], str]
) -> tuple[tuple[ConfigPair, ...], tuple[str, ...]]:
    """Give the tracked configs of two workloads, and the names of the shared ones.

    Raises:
        BindingError: the primary refers to a copy that cannot be kept in step.
    """
    known: dict[naming.Config, list[DocRef]] = {}
    for ref in documents:
        if ref.kind in KINDS:
            known.setdefault((ref.kind, ref.name), []).append(ref)
    own, others = (_configs(ref, text(ref.file)) for ref in (candidate, primary))
    found, shared = [], []
    for kind, name in sorted(own):
        copied = (kind, f"{name}-primary") in others
        if (kind, name) in others and not copied:
            shared.append(f"{kind} {name}")
            continue
        one, other = known.get((kind, name), []), known.get((kind, f"{name}-primary"), [])
        why = _why_not(one, other, text)
        if not why:
            found.append(ConfigPair(kind=kind, name=name, candidate=one[0], primary=other[0]))
        elif copied:
            raise _never_copied(kind, name, why, primary, text)
        else:
            shared.append(f"{kind} {name}")
    return tuple(found), tuple(shared)


def may_refer(text: str) -> bool:
    """Tell whether a workload may refer to a ConfigMap or a Secret, without parsing it."""
    return "configMap" in text or "secret" in text or "\\" in text  # escapes may hide a key


def referred(ref: DocRef, text: str) -> frozenset[str]:
    """List the names of the ConfigMaps and Secrets a workload refers to."""
    return frozenset(name for _, name in _configs(ref, text))


@remembered(_KNOWN)
def _configs(ref: DocRef, text: str) -> frozenset[naming.Config]:
    template = _root(ref, text).get(*_TEMPLATE)
    return naming.configs(template) if template else naming.NO_CONFIGS


def names(versions: Templates) -> naming.Names:
    """Give the names that differ between the two workloads of a binding."""
    target = versions.candidate.name
    found = frozenset((one.kind, one.name) for one in versions.configs)
    return naming.Names(target, found or naming.NO_CONFIGS)


def contents(ref: DocRef, text: str) -> Json:
    """Give what a config holds, as texts."""
    return {
        section: field_values.value(text, _at(ref, section))
        for section in _SECTIONS
        if _root(ref, text).get(section) is not None
    }


def carry(text: str, ref: DocRef, source: str, source_ref: DocRef) -> str:
    """Give a config another one's contents, byte for byte.

    Raises:
        EditRefused: one of them has a section the other has not.
    """
    for section in _SECTIONS:
        here, there = (
            _root(r, t).get(section) is not None for r, t in ((ref, text), (source_ref, source))
        )
        if here != there:
            root = _root(ref, text)
            raise EditRefused(
                f"{ref.kind} {ref.name} and {source_ref.name} do not have the same sections.",
                remedy=f"write `{section}` in both of them, or in neither",
                place=Place(ref.file, root.line, root.column),
            )
        if here:
            there_ref = _at(source_ref, section)
            text = field_values.carry(text, _at(ref, section), source, there_ref, exact=True)
    return text


def _why_not(one: list[DocRef], other: list[DocRef], text: Callable[[Path], str]) -> str:
    """Say why two configs cannot be kept in step; empty where they can."""
    for refs, which in ((one, "the candidate's"), (other, "the primary's")):
        if len(refs) != 1:
            return f"{which} lies in {len(refs) or 'no'} places of this repository"
        root = _root(refs[0], text(refs[0].file))
        if root.get("sops") is not None:
            return f"{which} is encrypted by SOPS"
        for key in OPT_OUT:
            note = root.get("metadata", "annotations", key)
            if note is not None and note.value == "disabled":
                return f"{which} has opted out by {key}"
    return ""


def _never_copied(
    kind: str, name: str, why: str, primary: DocRef, text: Callable[[Path], str]
) -> BindingError:
    root = _root(primary, text(primary.file))
    return BindingError(
        f"{primary.name} uses a {kind} {name}-primary that cannot follow {name}: {why}.",
        remedy=f"let {primary.name} share {name}, or keep both as plain {kind}s in this repository",
        place=Place(primary.file, root.line, root.column),
    )


def _at(ref: DocRef, section: str) -> FieldRef:
    return FieldRef(file=ref.file, index=ref.index, path=(section,))


def _root(ref: DocRef, text: str) -> Node:
    root = parse(text, file=ref.file)[ref.index]
    assert root is not None, "documents are named by their headers"
    return root
