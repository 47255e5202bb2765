"""Real manifests and real image bumps: an edit changes the lines it means and no other."""

import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from corpus import bumps, everything, manifests

from gitops_canary.errors import CanaryError, EditRefused
from gitops_canary.manifest.document import (
    Node,
    NodeKind,
    Pointer,
    append_item,
    differing,
    duplicate_item,
    insert_key,
    parse,
    remove,
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


def below(node: Node, at: Pointer = ()) -> Iterator[tuple[Pointer, Node]]:
    """Every value of a tree with its pointer."""
    yield at, node
    for key, value in node.entries:
        if key.kind is NodeKind.SCALAR:
            yield from below(value, (*at, key.value))
    for index, item in enumerate(node.items):
        yield from below(item, (*at, index))


REFUSED = (
    "it is a placeholder",
    "it is not a plain or quoted scalar",
    "the document is encrypted by SOPS",
    "its anchor &",
)


def test_any_scalar_and_any_list_of_any_kind_is_changed_exactly_or_refused() -> None:
    rng = random.Random(7)  # noqa: S311 - the same files every time
    done: Counter[str] = Counter()
    for name, text in [*everything()][::3]:
        found = [(d, p, n) for d, root in readable(text) for p, n in below(root)]
        scalars = [one for one in found if one[1] and one[2].kind is NodeKind.SCALAR]
        lists = [n for n in found if n[2].kind is NodeKind.SEQUENCE and n[2].style == "block"]
        for document, pointer, node in rng.sample(scalars, min(2, len(scalars))):
            try:
                new = set_scalar(text, document, pointer, "zz9-new", file=name)
            except EditRefused as error:
                done[f"refused: {error.problem}"] += 1
                continue
            if "\n" not in text[node.start : node.end]:
                assert lines_changed(text, new) == (1, 0), name
            done["scalars"] += 1
        for document, pointer, node in rng.sample(lists, min(1, len(lists))):
            try:
                longer = duplicate_item(text, document, pointer, 0, file=name)
                grown = append_item(text, document, pointer, {"name": "n", "w": 1}, file=name)
            except EditRefused as error:
                done[f"refused: {error.problem}"] += 1
                continue
            assert lines_changed(text, longer)[0] == lines_changed(text, grown)[0] == 0, name
            last = (*pointer, len(node.items))
            assert remove(grown, document, last, file=name) == text, name
            done["items"] += 1

    print({key: count for key, count in done.items() if ":" not in key})
    assert done["scalars"] > 1000
    assert done["items"] > 400
    refused = [key for key in done if key.startswith("refused")]
    assert [key for key in refused if not any(why in key for why in REFUSED)] == []


def test_real_bumps_are_reproduced_byte_for_byte() -> None:
    """Every scalar that a real bump changed is set in the old file; the new file comes out."""
    same, other, skipped = 0, [], 0
    for name, before, after, _ in bumps():
        new_roots = dict(readable(after))
        text, whole = before, bool(new_roots)
        try:
            for document, root in readable(before):
                for pointer in differing(root, new_roots.get(document)):
                    node = new_roots[document].get(*pointer) if document in new_roots else None
                    if node is None or node.kind is not NodeKind.SCALAR:
                        whole = False
                        break
                    text = set_scalar(text, document, pointer, node.value, file=name)
        except EditRefused:
            whole = False
        skipped += not whole
        if whole and text == after:
            same += 1
        elif whole:
            other.append(name)

    print(f"{same} of {same + len(other)} bumps byte for byte, {skipped} not single scalars")
    assert same > 640
    assert other == ["03/0307"]  # that commit also wrapped a long line elsewhere
