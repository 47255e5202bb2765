"""Several kinds of objects behind one provider's name: each document goes to its own router."""

from decimal import Decimal

from gitops_canary.manifest.document import Pointer
from gitops_canary.model.names import Digest, Path
from gitops_canary.ports import Router
from gitops_canary.routing.identity import word
from gitops_canary.routing.refusal import root_of
from gitops_canary.rule_ports import Keeper, Matcher, Mirror, Sharing


class Either:
    """A Router that asks, for each document, the one that drives its kind."""

    matcher: Matcher | None = None
    mirror: Mirror | None = None
    keeper: Keeper | None = None

    def __init__(self, *routers: Router) -> None:
        self._by_kind = {kind: router for router in routers for kind in router.kinds}

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of the objects that any of them can drive."""
        return frozenset(self._by_kind)

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether this object splits between the two."""
        return self._of(text, document).matches(text, document, namespace=namespace, apex=apex)

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Say which traffic this object has for itself."""
        return self._of(text, document).claims(text, document)

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at what is this apex's alone."""
        return self._of(text, document).places(text, document, namespace=namespace, apex=apex)

    def sided(self, text: str, document: int, *, namespace: str) -> frozenset[Pointer]:
        """Point at the rules that are applications' alone, whoever's."""
        router = self._of(text, document)
        if not isinstance(router, Sharing):
            return frozenset()
        return router.sided(text, document, namespace=namespace)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """List where the canary gets traffic whatever the weight."""
        return self._of(text, document).exposure(text, document, namespace=namespace, apex=apex)

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight."""
        router = self._of(text, document)
        return router.weight(text, document, file=file, namespace=namespace, apex=apex)

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest everything but the weights."""
        router = self._of(text, document)
        return router.shape(text, document, file=file, namespace=namespace, apex=apex)

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight."""
        router = self._of(text, document)
        return router.set_weight(text, document, weight, file=file, namespace=namespace, apex=apex)

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
        """Put the weights' bytes back."""
        return self._of(text, document).restore(
            text, document, stable, stable_document, file=file, namespace=namespace, apex=apex
        )

    def _of(self, text: str, document: int) -> Router:
        root = root_of(text, document, Path(""))
        group = word(root, ("apiVersion",)).rpartition("/")[0]
        return self._by_kind[group, word(root, ("kind",))]
