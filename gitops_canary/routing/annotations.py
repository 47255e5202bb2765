"""Weighted lists inside an annotation's text: JSON that is edited as it stands.

AWS Load Balancer Controller: `alb.ingress.kubernetes.io/actions.<name>` holds a forward action
with target groups; a weight is required, 0 to 999. Skipper: `zalando.org/backend-weights` holds a
mapping from Service to weight. JSON is YAML, so the engine for lists works on the text itself.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.errors import BindingError, SpecError
from gitops_canary.manifest.document import Node, NodeKind, Pointer, parse, set_text
from gitops_canary.model.names import Digest, Path
from gitops_canary.routing.groups import Group
from gitops_canary.routing.identity import Found, Names, named, side_of
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.nginx import ANNOTATIONS, INGRESS, backends
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.shape import bare, digest
from gitops_canary.routing.splits import Absent, Meaning
from gitops_canary.rule_ports import Keeper, Matcher, Mirror

_ALB = "alb.ingress.kubernetes.io/actions."
ALB_MOST = 999
"""Greatest weight of a target group."""
_SKIPPER = "zalando.org/backend-weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """A Router of Ingresses whose annotations hold weighted lists as text."""

    kinds: frozenset[tuple[str, str]]
    prefix: str
    """How the annotations' keys begin."""
    inner: tuple[Lists, ...]
    """What may be in the text: the first that finds a side in it."""
    shares: bool = False
    """Whether the annotation shares out among backends that stand in the rules themselves."""
    matcher: Matcher | None = None
    mirror: Mirror | None = None
    keeper: Keeper | None = None

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether some annotation splits between the two."""
        root = root_of(text, document, Path(""))
        return bool(list(self._mine(root, Path(""), namespace, apex)))

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Claim every host and path of the Ingress."""
        return tuple(where for where, _ in backends(root_of(text, document, Path(""))))

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at all of it: annotations are about the whole Ingress."""
        del text, document, namespace, apex
        return ((),)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at the annotations in which the canary stands alone."""
        root = root_of(text, document, Path(""))
        where = {"namespace": namespace, "apex": apex}
        alone = [
            at
            for at, inner, lists in self._mine(root, Path(""), namespace, apex)
            if lists.exposure(inner, 0, **where)
        ]
        direct = not self.shares and f"{apex}-canary" in {service for _, service in backends(root)}
        return (*alone, *([("spec", "rules")] if direct else []))

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight; all annotations must agree."""
        root = root_of(text, document, file)
        where = {"namespace": namespace, "apex": apex}
        weights = set()
        for at, inner, lists in self._mine(root, file, namespace, apex):
            with _standing_at(root.get(*at) or root, file):
                weights.add(lists.weight(inner, 0, file=file, **where))
        if len(weights) != 1:
            problem = "The annotations do not give the canary one weight"
            raise wrong(problem, root, file, "write the same share into each of them")
        return weights.pop()

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest spec and annotations without the two's weights."""
        root = root_of(text, document, file)
        where = {"namespace": namespace, "apex": apex}
        mine = list(self._mine(root, file, namespace, apex))
        inner = [str(lists.shape(one, 0, file=file, **where)) for _, one, lists in mine]
        places = [at for at, _, _ in mine]
        outer = [bare(root.get("spec")), bare(root.get(*ANNOTATIONS), places, ANNOTATIONS)]
        whole = f"{digest(outer)} {' '.join(inner)}"
        return Digest(f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}")

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight into every annotation that has both sides."""
        root = root_of(text, document, file)
        where = {"namespace": namespace, "apex": apex}
        for at, inner, lists in self._mine(root, file, namespace, apex):
            with _standing_at(root.get(*at) or root, file):
                new = lists.set_weight(inner, 0, weight, file=file, **where)
            if new != inner:
                text = set_text(text, document, at, new, file=file)
        return text

    def restore(
        self,
        text: str,
        document: int,
        stable: str,
        stable_document: int,
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Put the lists' bytes back; weight 0 where they differ in more than weights."""
        where = {"namespace": namespace, "apex": apex}
        root, then = root_of(text, document, file), root_of(stable, stable_document, file)
        old = {at: inner for at, inner, _ in self._mine(then, file, namespace, apex)}
        for at, inner, lists in self._mine(root, file, namespace, apex):
            if old.get(at, inner) != inner:
                now, before = (lists.shape(t, 0, file=file, **where) for t in (inner, old[at]))
                if now == before:
                    text = set_text(text, document, at, old[at], file=file)
        return self.set_weight(text, document, Decimal(0), file=file, **where)

    def _mine(
        self, root: Node, file: Path, namespace: str, apex: str
    ) -> Iterator[tuple[Pointer, str, Lists]]:
        where = {"namespace": namespace, "apex": apex}
        for at, inner in self._texts(root, file):
            lists = next((one for one in self.inner if one.matches(inner, 0, **where)), None)
            if lists is not None:
                yield at, inner, lists

    def _texts(self, root: Node, file: Path) -> Iterator[tuple[Pointer, str]]:
        annotations = root.get(*ANNOTATIONS)
        for key, value in annotations.entries if annotations else ():
            if not key.value.startswith(self.prefix) or value.kind is not NodeKind.SCALAR:
                continue
            try:
                inside = parse(value.value, file=file)
            except SpecError:
                # Another action's text, e.g. with a placeholder; ours would not be found in it.
                continue
            if len(inside) == 1 and inside[0] and inside[0].kind is NodeKind.MAPPING:
                yield (*ANNOTATIONS, key.value), value.value


def _by_key(root: Node) -> Iterator[Group]:
    yield Group(entries=tuple((key.value,) for key, _ in root.entries))


def _skipper(root: Node, entry: Node, names: Names) -> Found | None:
    key = next((key.value for key, value in root.entries if value is entry), "")
    side = side_of(key, names)
    return Found(side, ()) if side else None


def _forward(outer: str, inner: str, name: str, weight: str) -> Lists:
    """Read a forward action in one spelling; the AWS controller does not mind the case."""

    def groups(root: Node) -> Iterator[Group]:
        found = root.get(outer, inner)
        if found is not None:
            yield Group(entries=tuple((outer, inner, i) for i in range(len(found.items))))

    return Lists(
        kinds=frozenset(),
        groups=groups,
        meaning=Meaning(
            identify=named((name,)),
            absent=Absent.REQUIRED,
            weight_at=(weight,),
            most=ALB_MOST,
            copied=False,
        ),
        scope=((),),
    )


ALB = Annotations(
    kinds=INGRESS,
    prefix=_ALB,
    inner=(
        _forward("forwardConfig", "targetGroups", "serviceName", "weight"),
        _forward("ForwardConfig", "TargetGroups", "ServiceName", "Weight"),
    ),
)
"""The Router of the AWS Load Balancer Controller's Ingresses."""
SKIPPER_INGRESS = Annotations(
    kinds=INGRESS,
    prefix=_SKIPPER,
    shares=True,
    inner=(
        Lists(
            kinds=frozenset(),
            groups=_by_key,
            meaning=Meaning(identify=_skipper, absent=Absent.REQUIRED, weight_at=(), copied=False),
            scope=((),),
        ),
    ),
)
"""The Router of Skipper's Ingresses."""


@contextmanager
def _standing_at(node: Node, file: Path) -> Iterator[None]:
    """Let what is wrong in an annotation's text stand where the annotation does."""
    try:
        yield
    except BindingError as error:
        raise wrong(error.problem.rstrip("."), node, file, error.remedy) from error
