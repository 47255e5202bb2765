"""What each Canary has for itself in a revision, and which of it several claim."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Pointer, parse
from gitops_canary.manifest.versions import places
from gitops_canary.model.names import CanaryId, Path
from gitops_canary.model.owned import Binding, DocRef, Fields, Spot, Templates
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router

_COOKIE = -1
"""Stands for a cookie where a pointer begins: nothing that lies in a document begins so."""
_APART = "let only one Canary drive it, or give each a rule of its own, or an object of its own"
_Group = tuple[Path, int, Pointer]


def spots(
    spec: CanarySpec,
    versions: Templates | Fields,
    routes: Sequence[DocRef],
    text: Callable[[Path], str],
    router: Router,
) -> tuple[Spot, ...]:
    """List the places that no other Canary may write, with where they stand."""

    def spot(file: Path, index: int, at: Pointer, inner: Pointer = ()) -> Spot:
        root = parse(text(file), file=file)[index]
        node = (root.get(*at) if root else None) or root
        assert node is not None, "a document in which something was found is not empty"
        return Spot(file, index, (*at, *inner), Place(file, node.line, node.column))

    where = {"namespace": spec.namespace, "apex": spec.apex}
    found = [spot(*place) for place in places(versions)]
    for ref in routes:
        found += (
            spot(ref.file, ref.index, at)
            for at in router.places(text(ref.file), ref.index, **where)
        )
        if spec.policy.affinity is not None and spec.routing is None:
            found += (
                spot(ref.file, ref.index, (), (_COOKIE, name))
                for name in (spec.policy.affinity.cookie, spec.policy.affinity.primary_cookie)
                if name
            )
    return tuple(dict.fromkeys(found))


def conflicts(
    bindings: Mapping[CanaryId, Binding], rolling: Collection[CanaryId] = ()
) -> Mapping[CanaryId, BindingError]:
    """Find canaries that own the same place; each gets an error naming the others.

    Where one of them is rolling it goes on, and only the others are wrong.
    """
    found: dict[CanaryId, BindingError] = {}
    for claims in _overlapping(bindings).values():
        canaries = sorted({canary for canary, _ in claims})
        if len(canaries) < 2:  # noqa: PLR2004 - one alone contests nothing
            continue
        kept = set(canaries) & set(rolling)
        error = _contested(canaries, claims)
        for canary in set(canaries) - (kept if len(kept) == 1 else set()):
            found.setdefault(canary, error)
    return found


def _overlapping(
    bindings: Mapping[CanaryId, Binding],
) -> Mapping[_Group, list[tuple[CanaryId, Spot]]]:
    """Sort all places by the outermost one that each lies in."""
    every = [(canary, one) for canary in sorted(bindings) for one in bindings[canary].spots]
    known = {(one.file, one.index, one.at) for _, one in every}
    groups: dict[_Group, list[tuple[CanaryId, Spot]]] = {}
    for canary, one in every:
        outermost = next(group for group in _around(one) if group in known)
        groups.setdefault(outermost, []).append((canary, one))
    return groups


def _around(one: Spot) -> Iterator[_Group]:
    for length in range(len(one.at) + 1):
        yield one.file, one.index, one.at[:length]


def _contested(
    canaries: Sequence[CanaryId], claims: Sequence[tuple[CanaryId, Spot]]
) -> BindingError:
    outer = min((spot for _, spot in claims), key=lambda spot: len(spot.at))
    names = ", ".join(canaries)
    if outer.at[:1] == (_COOKIE,):
        return BindingError(
            f"{names} keep their users by one cookie, {outer.at[1]}, in one object.",
            remedy="give each its own in analysis.sessionAffinity",
            place=outer.place,
        )
    first = dict(reversed(claims))
    each = (f"{canary} has {_said(first[canary])}" for canary in canaries)
    return BindingError(
        f"Document {outer.index + 1} of {outer.file} is owned by {names}: {', '.join(each)}.",
        remedy=_APART,
        place=outer.place,
    )


def _said(one: Spot) -> str:
    """Say a place in words.

    >>> _said(Spot(Path("a.yaml"), 0, ("spec", "http", 1), Place("a.yaml", 9, 5)))
    'spec.http[1] (a.yaml:9:5)'
    """
    if not one.at:
        return f"all of it ({one.place})"
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in one.at)
    return f"{''.join(parts).lstrip('.')} ({one.place})"
