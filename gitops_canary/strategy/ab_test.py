"""A/B tests: the weight is that of the matching requests, all or nothing.

Seen through this router, 100 means that matching requests go to the canary, and 0 that none do; the
weights proper stay at 0 throughout. So an A/B test is a rollout with one step.
"""

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from gitops_canary.errors import BindingError, Place
from gitops_canary.model.names import Digest, Path
from gitops_canary.model.spec import Match
from gitops_canary.ports import Router
from gitops_canary.rule_ports import Matcher, Pointer
from gitops_canary.strategy.wrapped import Wrapped

HUNDRED = Decimal(100)


class AbTest(Wrapped):
    """A Router whose weight is that of the requests that match."""

    def __init__(
        self, router: Router, matcher: Matcher, matches: Sequence[Match], *, live: bool = False
    ) -> None:
        """With `live` objects are read as a server shows them, with its defaults filled in."""
        super().__init__(router)
        self._live = live
        self._rules = matcher
        self._matches = tuple(matches)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """List what reaches the canary beside this test's own rules."""
        found = self._router.exposure(text, document, namespace=namespace, apex=apex)
        own = self._found(text, document, namespace, apex)
        return tuple(at for at in found if not any(at[: len(rule)] == rule for rule in own))

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read which part of the matching requests the canary gets."""
        where = {"namespace": namespace, "apex": apex}
        weight = self._router.weight(text, document, file=file, **where)
        if self._live:
            there = self._rules.shows(text, document, self._matches, **where)
        else:
            there = bool(self._found(text, document, namespace, apex))
        return HUNDRED if there else weight

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest the object without the rules; a weight beside them is a change."""
        where = {"namespace": namespace, "apex": apex}
        plain = self._rules.take(text, document, self._matches, file=file, **where)
        shape = self._router.shape(plain, document, file=file, **where)
        weight = self._router.weight(plain, document, file=file, **where)
        if plain == text or weight == 0:
            return shape
        return Digest(f"sha256:{hashlib.sha256(f'{shape} {weight}'.encode()).hexdigest()}")

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Add the rules for 100, take them out for 0."""
        where = {"namespace": namespace, "apex": apex}
        if weight not in {0, HUNDRED}:
            raise BindingError(
                f"{weight} % of the matching requests is not possible, only none or all.",
                remedy="give analysis.iterations instead of steps",
                place=Place(file),
            )
        if weight and self._found(text, document, namespace, apex):
            return text
        text = self._rules.take(text, document, self._matches, file=file, **where)
        text = self._router.set_weight(text, document, Decimal(0), file=file, **where)
        if weight:
            text = self._rules.add(text, document, self._matches, file=file, **where)
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
        """Take the rules out, and put the weights' bytes back."""
        where = {"namespace": namespace, "apex": apex}
        text = self._rules.take(text, document, self._matches, file=file, **where)
        stable = self._rules.take(stable, stable_document, self._matches, file=file, **where)
        return self._router.restore(text, document, stable, stable_document, file=file, **where)

    def _found(self, text: str, document: int, namespace: str, apex: str) -> tuple[Pointer, ...]:
        return self._rules.rules(text, document, self._matches, namespace=namespace, apex=apex)
