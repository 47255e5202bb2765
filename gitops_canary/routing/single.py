"""The engine for objects that hold the canary's weight alone: the rest goes to the primary."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.errors import EditRefused
from gitops_canary.manifest.document import (
    Node,
    Pointer,
    insert_key,
    remove,
    set_scalar,
    splice,
)
from gitops_canary.model.names import Digest, Path
from gitops_canary.routing.groups import Claims, no_claims
from gitops_canary.routing.identity import Names
from gitops_canary.routing.numbers import Form
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.shape import bare, digest
from gitops_canary.rule_ports import Keeper, Matcher, Mirror

HUNDRED = Decimal(100)
_PLACES = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """A Router of one kind of object; everything it knows is in its fields."""

    kinds: frozenset[tuple[str, str]]
    belongs: Callable[[Node, Names], bool]
    """Whether this object is the canary's."""
    weight_at: Pointer
    form: Form
    absent_is_zero: bool
    """Whether a missing weight is 0; otherwise the object is refused without one."""
    total_at: Pointer | None = None
    """What the weight is a part of, where the object may say so; else 100."""
    exposing: tuple[Pointer, ...] = ()
    """Fields that send traffic to the canary whatever the weight."""
    scope: tuple[Pointer, ...] = (("spec",),)
    claimed: Claims = no_claims
    matcher: Matcher | None = None
    mirror: Mirror | None = None
    keeper: Keeper | None = None

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether this is the canary's object."""
        names = Names(namespace=namespace, apex=apex)
        return self.belongs(root_of(text, document, Path("")), names)

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Say which traffic this object has for itself."""
        return tuple(self.claimed(root_of(text, document, Path(""))))

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at all of it: there is one weight."""
        del text, document, namespace, apex
        return ((),)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """List the fields that send traffic to the canary whatever the weight."""
        root = root_of(text, document, Path(""))
        if not self.belongs(root, Names(namespace=namespace, apex=apex)):
            return ()
        return tuple(at for at in self.exposing if root.get(*at) is not None)

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight in percent."""
        del namespace, apex
        root = root_of(text, document, file)
        part, total = self._part(root, file), self._total(root, file)
        return (HUNDRED * part / total).quantize(_PLACES).normalize() + Decimal(0)

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest the object without its weight."""
        del namespace, apex
        root = root_of(text, document, file)
        return digest([bare(root.get(*at), (self.weight_at,), at) for at in self.scope])

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight, adding it where it is missing."""
        del namespace, apex
        root = root_of(text, document, file)
        total = self._total(root, file)
        part = total * weight / HUNDRED
        if part % self.form.resolution:
            at = root.get(*self.weight_at) or root
            remedy = "let the total be 1000 for tenths of a percent, or use whole percents"
            raise wrong(f"{weight} % of {total} is no whole number", at, file, remedy)
        node = root.get(*self.weight_at)
        if self._part(root, file) == part:
            return text
        if node is None:
            *inner, key = self.weight_at
            new = self.form.write(part, "")
            return insert_key(text, document, tuple(inner), str(key), new, file=file)
        new = self.form.write(part, node.value)
        return set_scalar(text, document, self.weight_at, new, file=file)

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
        """Put the weight's bytes back where the stable ones mean 0."""
        now, then = root_of(text, document, file), root_of(stable, stable_document, file)
        at = self.weight_at
        if then.get(*at) is not None and now.get(*at) is not None:
            text = splice(text, document, at, stable, stable_document, at, file=file)
        elif now.get(*at) is not None and self.absent_is_zero:
            text = _without(text, document, at, file)
        return self.set_weight(
            text, document, Decimal(0), file=file, namespace=namespace, apex=apex
        )

    def _part(self, root: Node, file: Path) -> Decimal:
        node = root.get(*self.weight_at)
        if node is None:
            if self.absent_is_zero:
                return Decimal(0)
            where = ".".join(str(part) for part in self.weight_at)
            raise wrong(f"{where} is missing", root, file, f"add {where} with weight 0")
        part, total = self.form.read(node), self._total(root, file)
        if part is None or part > total:
            problem = f"The weight {node.value[:20]!r} is not {self.form.words} up to {total}"
            raise wrong(problem, node, file, f"write it out, like {self.form.like}")
        return part

    def _total(self, root: Node, file: Path) -> Decimal:
        node = root.get(*self.total_at) if self.total_at else None
        if node is None:
            return HUNDRED
        total = self.form.read(node)
        if not total:
            problem = f"The total {node.value[:20]!r} is not {self.form.words} above 0"
            raise wrong(problem, node, file, f"write it out, like {self.form.like}")
        return total


def _without(text: str, document: int, at: Pointer, file: Path) -> str:
    """Take a key out again; where it cannot be, its weight is set instead."""
    try:
        return remove(text, document, at, file=file)
    except EditRefused:
        return text
