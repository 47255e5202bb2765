"""Real manifests and real image bumps: an edit changes the lines it means and no other."""

from collections.abc import Iterator
from decimal import Decimal

from corpus import bumps, manifests

from gitops_canary.errors import CanaryError, EditRefused
from gitops_canary.manifest.document import (
    Node,
    NodeKind,
    Pointer,
    insert_key,
    parse,
    set_scalar,
)

NEW_IMAGE = "registry.example/some/app:9.8.7"


def readable(text: str) -> list[tuple[int, Node]]:
    """The documents of a text; none where it is no YAML (templates, deliberately broken files)."""
    try:
        roots = parse(text, file="corpus")
    except CanaryError:
        return []
    return [(index, root) for index, root in enumerate(roots) if root is not None]


def lines_changed(old: str, new: str) -> tuple[int, int]:
    """How many lines were replaced and how many added; asserts that the rest is the same."""
    before, after = old.split("\n"), new.split("\n")
    added = len(after) - len(before)
    if added == 0:
        return sum(a != b for a, b in zip(before, after, strict=True)), 0
    start = next(i for i, (a, b) in enumerate(zip([*before, ""], after, strict=False)) if a != b)
    tail = len(before) - start
    assert before[start:] == after[len(after) - tail :]
    return 0, added


def containers(root: Node) -> Iterator[Pointer]:
    for group in ("containers", "initContainers"):
        found = root.get("spec", "template", "spec", group)
        for index, item in enumerate(found.items if found else ()):
            if (image := item.get("image")) is not None and image.value != NEW_IMAGE:
                yield ("spec", "template", "spec", group, index, "image")


def test_an_image_changes_exactly_its_line() -> None:
    done, refused = 0, []
    for name, text in manifests("Deployment"):
        for document, root in readable(text):
            for pointer in containers(root):
                try:
                    new = set_scalar(text, document, pointer, NEW_IMAGE, file=name)
                except EditRefused as error:
                    refused.append(error.problem)
                    continue
                assert lines_changed(text, new) == (1, 0), name
                done += 1

    assert done > 300
    assert set(refused) <= {
        "This cannot be changed safely: it is a placeholder that something else fills in.",
    }
    print(f"{done} images set, {len(refused)} refused")


def destinations(root: Node) -> Iterator[Pointer]:
    for kind in ("http", "tcp", "tls"):
        routes = root.get("spec", kind)
        for index, route in enumerate(routes.items if routes else ()):
            items = route.get("route")
            for item, _ in enumerate(items.items if items else ()):
                yield ("spec", kind, index, "route", item)


def test_a_weight_changes_exactly_its_line_or_adds_one() -> None:
    done = 0
    for name, text in manifests("VirtualService"):
        for document, root in readable(text):
            for pointer in destinations(root):
                node, weight = root.get(*pointer), root.get(*pointer, "weight")
                assert node is not None
                if node.kind is not NodeKind.MAPPING or (weight and "{" in weight.value):
                    continue
                done += 1
                if weight is None:
                    new = insert_key(text, document, pointer, "weight", 37, file=name)
                    assert lines_changed(text, new) == ((0, 1) if node.style == "block" else (1, 0))
                else:
                    new = set_scalar(text, document, (*pointer, "weight"), Decimal(37), file=name)
                    assert lines_changed(text, new) == (1, 0), name

    assert done > 250
    print(f"{done} weights set or added")


def located(root: Node, dotted: str) -> Pointer | None:
    """Find a dotted pointer whose keys may contain dots themselves."""
    if not dotted:
        return ()
    node_keys = [key.value for key, _ in root.entries] or [str(i) for i in range(len(root.items))]
    for key in sorted(node_keys, key=len, reverse=True):
        if dotted == key or dotted.startswith(f"{key}."):
            part: str | int = key if root.entries else int(key)
            child = root.get(part)
            rest = located(child, dotted[len(key) + 1 :]) if child else None
            if rest is not None:
                return (part, *rest)
    return None


def test_real_bumps_are_reproduced_byte_for_byte() -> None:
    same = other = skipped = 0
    for name, before, after, changes in bumps():
        documents = readable(before)
        text = before
        try:
            for pointer, old, new in changes:
                places = [(d, p) for d, r in documents if (p := located(r, pointer))]
                document, path = places[0]
                node = documents[[d for d, _ in documents].index(document)][1].get(*path)
                assert node is not None
                value = node.value.replace(old, new)
                text = set_scalar(text, document, path, value, file=name)
        except (EditRefused, IndexError):
            skipped += 1
            continue
        same += text == after
        other += text != after

    print(f"{same} of {same + other} bumps byte for byte, {skipped} not single scalars")
    assert same + other > 500
    assert same / (same + other) >= 0.97
