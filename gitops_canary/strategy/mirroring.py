"""Mirroring: copies of requests before the first weight, whose answers nobody sees.

The mirror is on from the start of a rollout until its first weight; every other move writes its
weight without one. It is no weight, so it is kept out of shape and weight alike.
"""

from decimal import Decimal

from gitops_canary.model.names import Digest, Path
from gitops_canary.ports import Router
from gitops_canary.rule_ports import Mirror
from gitops_canary.strategy.wrapped import Wrapped


class Mirroring(Wrapped):
    """A Router whose weights are written without a mirror."""

    def __init__(self, router: Router, mirror: Mirror) -> None:
        super().__init__(router)
        self._copies = mirror

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight."""
        return self._router.weight(text, document, file=file, namespace=namespace, apex=apex)

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest the object without its mirror."""
        where = {"namespace": namespace, "apex": apex}
        plain = self._copies.stop(text, document, file=file, **where)
        return self._router.shape(plain, document, file=file, **where)

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight, and end the mirror."""
        where = {"namespace": namespace, "apex": apex}
        text = self._copies.stop(text, document, file=file, **where)
        return self._router.set_weight(text, document, weight, file=file, **where)

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
        """End the mirror, and put the weights' bytes back."""
        where = {"namespace": namespace, "apex": apex}
        text = self._copies.stop(text, document, file=file, **where)
        stable = self._copies.stop(stable, stable_document, file=file, **where)
        return self._router.restore(text, document, stable, stable_document, file=file, **where)
