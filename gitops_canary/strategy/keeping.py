"""Session affinity: who met the candidate stays with it, by a cookie that lasts for the rollout.

The cookies and their rules come with each weight above 0 and go with weight 0; the token in them is
the rollout's id, so no cookie of an earlier rollout means anything. They are no weight, so they are
kept out of shape and weight alike.
"""

from decimal import Decimal

from gitops_canary.model.names import Digest, Path
from gitops_canary.model.spec import Affinity
from gitops_canary.ports import Router
from gitops_canary.rule_ports import Keeper, Pointer
from gitops_canary.strategy.wrapped import Wrapped


class Keeping(Wrapped):
    """A Router whose weights are read and written without cookies."""

    def __init__(self, router: Router, keeper: Keeper, affinity: Affinity) -> None:
        super().__init__(router)
        self._cookies = keeper
        self._affinity = affinity

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """List what reaches the canary beside the rules for those who have its cookie."""
        where = {"namespace": namespace, "apex": apex}
        own = self._cookies.rules(text, document, self._affinity, **where)
        found = self._router.exposure(text, document, **where)
        return tuple(at for at in found if not any(at[: len(rule)] == rule for rule in own))

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the weight that those without a cookie are drawn by."""
        where = {"namespace": namespace, "apex": apex}
        plain = self._plain(text, document, file, where)
        return self._router.weight(plain, document, file=file, **where)

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest the object without cookies."""
        where = {"namespace": namespace, "apex": apex}
        plain = self._plain(text, document, file, where)
        return self._router.shape(plain, document, file=file, **where)

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight, without cookies."""
        where = {"namespace": namespace, "apex": apex}
        plain = self._plain(text, document, file, where)
        return self._router.set_weight(plain, document, weight, file=file, **where)

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
        """Take the cookies out, and put the weights' bytes back."""
        where = {"namespace": namespace, "apex": apex}
        text = self._plain(text, document, file, where)
        stable = self._plain(stable, stable_document, file, where)
        return self._router.restore(text, document, stable, stable_document, file=file, **where)

    def _plain(self, text: str, document: int, file: Path, where: dict[str, str]) -> str:
        return self._cookies.release(text, document, self._affinity, file=file, **where)
