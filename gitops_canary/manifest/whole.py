"""Everything that kustomize builds from one folder, as far as this repository has it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.errors import Place
from gitops_canary.manifest import building, patching
from gitops_canary.manifest.apart import lasting
from gitops_canary.manifest.image_chain import Found, Workload, chain
from gitops_canary.manifest.kustomize import Kustomization
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.manifest.unseen import BRINGING, Unseen, unseen
from gitops_canary.model.names import Path

ANY = "*"
_LABELLING = re.compile("selector|labels")
Folders = Mapping[str, Kustomization]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What one folder builds."""

    seen: Mapping[tuple[str, str], tuple[Workload, ...]]
    """By kind, and by every name it has on its way."""
    setting: Mapping[Path, tuple[Workload, ...]]
    """By the file of a field that has the last word over one of its images."""
    unseen: tuple[Unseen, ...]
    relabelled: frozenset[str]
    """Labels that kustomize writes; `*` where it may be any."""
    suffixed: tuple[str, ...]
    """Kustomizations that put something behind every name, `-primary` too."""
    merged: frozenset[tuple[str, str]]
    """Kind and name of the documents whose labels or selector a patch writes."""


def whole(folders: Folders, outer: str, text: Found) -> Whole:
    """Look at everything that a folder builds."""
    seen: dict[tuple[str, str], list[Workload]] = {}
    setting: dict[Path, list[Workload]] = {}
    found = chain(folders, outer, text)
    for one in found.built:
        for name in one.names:
            seen.setdefault((one.kind, name), []).append(one)
        for file in {field.file for field in lasting(one)}:
            setting.setdefault(file, []).append(one)
    own = [folders[one] for one in sorted(building.builds_on(folders, outer))]
    cut = ((Place(folders[outer].file), "it builds too much to look at"),) if found.cut else ()
    return Whole(
        seen={key: tuple(several) for key, several in seen.items()},
        setting={file: tuple(several) for file, several in setting.items()},
        unseen=(*cut, *(told for one in own for told in unseen(one, folders, text))),
        suffixed=tuple(one.file for one in own if one.suffix),
        relabelled=frozenset(label for one in own for label in _written(one, text)),
        merged=frozenset(named for one in own for named in _merged(one, text)),
    )


def _written(own: Kustomization, text: Found) -> Iterator[str]:
    """List the labels that a kustomization writes into pods or selectors, at most."""
    root = _root(own, text)
    if root is None or set(BRINGING) & {key.value for key, _ in root.entries}:
        yield ANY
        return
    yield from root.words("commonLabels")
    pairs = root.get("labels")
    for one in pairs.items if pairs is not None else ():
        yield from one.words("pairs")
    for patch in patching.listed(own.file, root):
        said = patch.text(text)
        known = said is not None and patch.target is None and _named(patch, text)
        if said is None or (_LABELLING.search(said) and not known):
            yield ANY


def _merged(own: Kustomization, text: Found) -> Iterator[tuple[str, str]]:
    """Give kind and name of the documents that patches of a kustomization name themselves."""
    root = _root(own, text)
    for patch in patching.listed(own.file, root) if root is not None else ():
        if patch.target is None and _LABELLING.search(patch.text(text) or ""):
            yield from _named(patch, text)


def _named(patch: patching.Patch, text: Found) -> tuple[tuple[str, str], ...]:
    """Give kind and name of what a strategic-merge patch is put onto; empty where it is none."""
    found = [root for root in patch.roots(text) or () if root is not None]
    if any(root.kind is not NodeKind.MAPPING for root in found):
        return ()
    names = tuple((root.word("kind"), root.word("metadata", "name")) for root in found)
    return names if all(kind and name for kind, name in names) else ()


def _root(own: Kustomization, text: Found) -> Node | None:
    return next((r for r in parse(text(own.file) or "", file=own.file) if r is not None), None)
