"""Whose rules an object holds: several applications may have rules of their own in one of them.

A rule is an item of a list, e.g. one of `spec.http`. It is an application's by the names in it, as
everywhere here, so it does not matter where it stands, nor whether anybody drives it.
"""

import re
from collections.abc import Iterator

from gitops_canary.manifest.document import Node, NodeKind, Pointer
from gitops_canary.model.kept import remembered
from gitops_canary.model.names import Path
from gitops_canary.routing.groups import Group, Groups
from gitops_canary.routing.identity import Names
from gitops_canary.routing.refusal import root_of
from gitops_canary.routing.splits import Meaning

_KNOWN = 1024
_SPELLED = 64
"""Objects whose words are kept, which take as much as half of their texts."""
_JOINTS = re.compile(r"[._:/]")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SIDED = re.compile(r"(.+)-(?:primary|canary)(?:upstream)?(?:-[0-9]+)?")
_LABELS_MAX = 8
"""Labels of one text, and namespaces of one entry, that are tried: a host's name has five."""
Owners = tuple[tuple[Pointer, frozenset[Names]], ...]


def rule_of(path: Pointer | None) -> Pointer | None:
    """Give the innermost item of a list that a list of entries stands in; None where in none.

    >>> rule_of(("spec", "http", 2, "route")), rule_of(("spec", "backends"))
    (('spec', 'http', 2), None)
    """
    last = max((n for n, part in enumerate(path or ()) if isinstance(part, int)), default=None)
    return None if path is None or last is None else path[: last + 1]


def mine(
    text: str, document: int, groups: Groups, meaning: Meaning, names: Names
) -> tuple[Pointer | None, ...]:
    """Give the rules in which an application stands, once each; None is a list outside of any."""
    root = root_of(text, document, Path(""))
    return tuple(
        dict.fromkeys(
            rule_of(group.path)
            for group in naming(text, document, groups, names)
            if any(found for _, found in meaning.known(root, group, names))
        )
    )


@remembered(_KNOWN)
def others(
    text: str, document: int, groups: Groups, meaning: Meaning, names: Names
) -> frozenset[Pointer]:
    """Give the rules that are other applications' alone: each entry is a side of one of them."""
    own = frozenset(mine(text, document, groups, meaning, names))
    return sided(text, document, groups, meaning, names.namespace) - own


@remembered(_KNOWN)
def sided(
    text: str, document: int, groups: Groups, meaning: Meaning, namespace: str
) -> frozenset[Pointer]:
    """Give the rules in which every entry is a side of some application, seen from a namespace."""
    found = owners(text, document, groups, meaning, namespace)
    return frozenset(rule for rule, known in found if known)


def naming(text: str, document: int, groups: Groups, names: Names) -> tuple[Group, ...]:
    """Give the lists in which an application's name stands at all: few of many.

    For objects whose entries say by themselves whom they mean (`Lists.shared`).
    """
    spelled = _spelled(text, document, groups)
    return tuple(group for group, said in spelled if names.apex in said)


@remembered(_SPELLED)
def _spelled(text: str, document: int, groups: Groups) -> tuple[tuple[Group, str], ...]:
    """Give every list with all that is written in its entries."""
    root = root_of(text, document, Path(""))

    def said(group: Group) -> Iterator[str]:
        for at in group.entries:
            entry = root.get(*at)
            yield from (word for _, word in _texts(entry)) if entry else ()

    return tuple((group, "\n".join(said(group))) for group in groups(root))


@remembered(_KNOWN)
def owners(text: str, document: int, groups: Groups, meaning: Meaning, namespace: str) -> Owners:
    """Give whose sides stand in each rule, as seen from a namespace; of others' entries nobody's.

    Read once for all applications of a namespace, of which an object may hold many.
    """
    root = root_of(text, document, Path(""))
    found: dict[Pointer, frozenset[Names]] = {}
    for group in groups(root):
        rule = rule_of(group.path)
        nodes = (root.get(*at) for at in group.entries)
        entries = [node for node in nodes if node is not None and not meaning.skip(node)]
        sides = [_application(root, entry, meaning, namespace) for entry in entries]
        if rule is not None:
            known = frozenset(side for side in sides if side)
            found[rule] = known if known and None not in sides else frozenset()
    return tuple(found.items())


def _application(root: Node, entry: Node, meaning: Meaning, namespace: str) -> Names | None:
    """Find an application that an entry is a side of, by what is written in the entry itself.

    Its namespace stands beside the name in one text, or in a field of its own: to try every text
    as that of every other takes long where somebody sets hundreds of headers.
    """
    texts = list(_texts(entry))
    spaces = [text for key, text in texts if key == "namespace"][:_LABELS_MAX]
    for _, text in texts:
        labels = [part for part in _JOINTS.split(text) if _LABEL.fullmatch(part)][:_LABELS_MAX]
        for label in labels:
            sided = _SIDED.fullmatch(label)
            for space in dict.fromkeys((namespace, *spaces, *labels)):
                names = Names(namespace=space, apex=sided[1] if sided else label)
                if meaning.identify(root, entry, names):
                    return names
    return None


def _texts(node: Node, key: str = "") -> Iterator[tuple[str, str]]:
    """List every scalar with the key that it stands behind."""
    if node.kind is NodeKind.SCALAR:
        yield key, node.value
    for name, value in node.entries:
        yield from _texts(value, name.value)
    for item in node.items:
        yield from _texts(item, key)
