"""Letting lists sum to what the ladder can split: every weight times the same, so shares stay."""

from decimal import Decimal

from gitops_canary.manifest.document import Pointer, insert_key, set_scalar
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import Path
from gitops_canary.routing.identity import Names
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.refusal import root_of
from gitops_canary.routing.splits import Absent, Split

_ABSENT = {Absent.ONE: Decimal(1), Absent.HUNDRED: Decimal(100), Absent.ZERO: Decimal(0)}


def scaled(text: str, document: int, lists: Lists, wanted: Wanted, file: Path) -> str:
    """Multiply the weights of every list of which the ladder is no whole part.

    Lists that have to sum to 100, or that would grow beyond what the kind takes, stay as they are:
    a rehearsal of the ladder tells what it cannot be.
    """
    names = Names(namespace=wanted.namespace, apex=wanted.apex)
    meaning = lists.meaning
    if meaning.total is not None:
        return text
    root = root_of(text, document, file)
    for split in meaning.splits(root, lists.groups(root), file, names):
        for at, weight in _grown(text, document, lists, split, wanted, file).items():
            node = root_of(text, document, file).get(*at)
            if node is None:
                *above, key = at
                text = insert_key(text, document, tuple(above), str(key), int(weight), file=file)
            else:
                new = meaning.form.write(weight, node.value)
                text = set_scalar(text, document, at, new, file=file)
    return text


def _grown(
    text: str, document: int, lists: Lists, split: Split, wanted: Wanted, file: Path
) -> dict[Pointer, Decimal]:
    """Give the new weight of every entry of a list; nothing where it is to stay."""
    meaning, root = lists.meaning, root_of(text, document, file)
    names = Names(namespace=wanted.namespace, apex=wanted.apex)
    times = wanted.times(split.budget / meaning.form.resolution)
    found: dict[Pointer, Decimal] = {}
    for entry, _ in meaning.known(root, split.group, names):
        at = (*entry, *meaning.weight_at)
        node = root.get(*at)
        weight = _ABSENT.get(meaning.absent) if node is None else meaning.form.read(node)
        if times == 1 or weight is None or weight * times > meaning.most:
            return {}
        if weight:
            found[at] = weight * times
    return found
