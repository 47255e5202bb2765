"""`field`: a weight at a named place of a named file, for whatever reads it.

`spec.routing` names the field of the canary's weight, and may name a second one of the same
document that gets the rest of the total.
"""

from decimal import Decimal

from gitops_canary.errors import BindingError, SpecError
from gitops_canary.manifest.document import Node, Pointer, set_scalar
from gitops_canary.manifest.field_place import locate
from gitops_canary.model.names import Digest, Path
from gitops_canary.model.references import Reference, Routing
from gitops_canary.routing.numbers import QUOTED, WHOLE, Form
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.shape import digest
from gitops_canary.rule_ports import Keeper, Matcher, Mirror

HUNDRED = Decimal(100)
_PLACES = Decimal("0.001")


class Field:
    """The Router of one place."""

    kinds: frozenset[tuple[str, str]] = frozenset()
    matcher: Matcher | None = None
    mirror: Mirror | None = None
    keeper: Keeper | None = None

    def __init__(self, routing: Routing | None = None) -> None:
        self._routing = routing

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Find nothing by itself: the place is named."""
        del text, document, namespace, apex
        return False

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Claim nothing: what reads the field is not known."""
        del text, document
        return ()

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at the weight, and at the rest where it is named."""
        del document, namespace, apex
        named = (self._named.weight, self._named.rest)
        return tuple(self._at(text, one.file, one)[0] for one in named if one is not None)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Know of nothing beside the weight."""
        del text, document, namespace, apex
        return ()

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight in percent."""
        del document, namespace, apex
        at, root = self._at(text, file, self._named.weight)
        part = self._number(root, at, file)
        if self._named.rest is not None:
            rest_at, _ = self._at(text, file, self._named.rest)
            if part + self._number(root, rest_at, file) != self._named.total:
                problem = f"The two weights do not sum to {self._named.total}"
                raise wrong(problem, root.get(*at) or root, file, "correct them, or the total")
        return (HUNDRED * part / self._named.total).quantize(_PLACES).normalize() + Decimal(0)

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest nothing: the rest of the document is somebody else's."""
        del text, document, file, namespace, apex
        return digest([])

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight, and the rest where it is named."""
        del namespace, apex
        part = self._named.total * weight / HUNDRED
        numbers = [(self._named.weight, part)]
        if self._named.rest is not None:
            numbers.append((self._named.rest, self._named.total - part))
        for reference, value in numbers:
            at, root = self._at(text, file, reference)
            node = root.get(*at) or root
            if value != int(value):
                problem = f"{weight} % of {self._named.total} is no whole number"
                raise wrong(problem, node, file, "let spec.routing.total be 1000")
            if self._number(root, at, file) != value:
                new = _form(node).write(value, node.value)
                text = set_scalar(text, document, at, new, file=file)
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
        """Write 0: nothing else here is the rollout's."""
        del stable, stable_document
        return self.set_weight(
            text, document, Decimal(0), file=file, namespace=namespace, apex=apex
        )

    @property
    def _named(self) -> Routing:
        if self._routing is None:
            raise SpecError("spec.routing is missing.", remedy="name the field of the weight")
        return self._routing

    def _at(self, text: str, file: Path, reference: Reference) -> tuple[Pointer, Node]:
        found = locate(reference, lambda path: text if path == file else None)
        if found.inner:
            raise BindingError(
                f"The field {reference.field} lies inside a text.",
                remedy="name a field of the document itself",
                place=reference.place,
            )
        return found.path, root_of(text, found.index, file)

    def _number(self, root: Node, at: Pointer, file: Path) -> Decimal:
        node = root.get(*at) or root
        value = _form(node).read(node)
        if value is None or value > self._named.total:
            problem = f"{node.value[:20]!r} is no whole number from 0 to {self._named.total}"
            raise wrong(problem, node, file, "write the weight as one")
        return value


def _form(node: Node) -> Form:
    """Keep a text a text and a number a number."""
    return WHOLE if node.plain else QUOTED
