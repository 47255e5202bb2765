"""What a strategy's router leaves to the router it is made of."""

from gitops_canary.ports import Router
from gitops_canary.rule_ports import Keeper, Matcher, Mirror, Pointer, Sharing


class Wrapped:
    """The part of a Router that a strategy does not change."""

    def __init__(self, router: Router) -> None:
        self._router = router

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of the objects it can drive."""
        return self._router.kinds

    @property
    def matcher(self) -> Matcher | None:
        """What can match requests here."""
        return self._router.matcher

    @property
    def mirror(self) -> Mirror | None:
        """What can copy requests here."""
        return self._router.mirror

    @property
    def keeper(self) -> Keeper | None:
        """What can keep users on one side here."""
        return self._router.keeper

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether this object splits between the two."""
        return self._router.matches(text, document, namespace=namespace, apex=apex)

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Say which traffic this object has for itself."""
        return self._router.claims(text, document)

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at what is this apex's alone."""
        return self._router.places(text, document, namespace=namespace, apex=apex)

    def sided(self, text: str, document: int, *, namespace: str) -> frozenset[Pointer]:
        """Point at the rules that are applications' alone, whoever's."""
        if not isinstance(self._router, Sharing):
            return frozenset()
        return self._router.sided(text, document, namespace=namespace)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """List where the canary gets traffic whatever the weight."""
        return self._router.exposure(text, document, namespace=namespace, apex=apex)
