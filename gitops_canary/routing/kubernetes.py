"""Plain Kubernetes: the selector of the Service users call, all or nothing.

There are no weights: the Service selects the primary's pods (0) or the candidate's (100), so this
serves blue/green only. Pods are told apart by one label whose value is `<target>-primary` for the
primary and `<target>` for the candidate, as everywhere.
"""

from decimal import Decimal

from gitops_canary.manifest.document import Node, Pointer, set_scalar, splice
from gitops_canary.model.names import Digest, Path
from gitops_canary.routing.founding import Silent
from gitops_canary.routing.identity import word
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.shape import bare, digest
from gitops_canary.rule_ports import Keeper, Matcher, Mirror

_SELECTOR = ("spec", "selector")
_LABELS = ("app", "name", "app.kubernetes.io/name")
"""Labels that tell workloads apart, as Flagger's `-selector-labels`."""
_SUFFIX = "-primary"
HUNDRED = Decimal(100)


class Kubernetes:
    """The Router of plain Services."""

    kinds = frozenset({("", "Service")})
    matcher: Matcher | None = None
    mirror: Mirror | None = None
    keeper: Keeper | None = None

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether this is the Service users call."""
        del namespace
        return word(root_of(text, document, Path("")), ("metadata", "name")) == apex

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Claim the Service's name."""
        return (f"the Service {word(root_of(text, document, Path('')), ('metadata', 'name'))}",)

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at all of it: a Service has one selector."""
        del text, document, namespace, apex
        return ((),)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Give nothing: a selector has no exceptions."""
        del text, document, namespace, apex
        return ()

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read which pods are selected: 0 the primary's, 100 the candidate's."""
        del namespace, apex
        root = root_of(text, document, file)
        value = word(root, _label(root, file))
        return Decimal(0) if value.endswith(_SUFFIX) else HUNDRED

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest the spec without the label's value."""
        del namespace, apex
        root = root_of(text, document, file)
        return digest([bare(root.get("spec"), (_label(root, file),), ("spec",))])

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Select the other side's pods."""
        del namespace, apex
        root = root_of(text, document, file)
        at = _label(root, file)
        node = root.get(*at)
        assert node is not None, "found just now"
        if weight not in {0, HUNDRED}:
            problem = f"A Service cannot send {weight} % anywhere: it knows all or nothing"
            raise wrong(problem, node, file, "use blue/green: analysis.iterations")
        name = node.value.removesuffix(_SUFFIX) + ("" if weight else _SUFFIX)
        return text if name == node.value else set_scalar(text, document, at, name, file=file)

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
        """Put the selector's bytes back where both use the same label."""
        now = _label(root_of(text, document, file), file)
        if now == _label(root_of(stable, stable_document, file), file):
            text = splice(text, document, now, stable, stable_document, now, file=file)
        return self.set_weight(
            text, document, Decimal(0), file=file, namespace=namespace, apex=apex
        )


def _label(root: Node, file: Path) -> Pointer:
    """Find the one label that tells primary and candidate apart."""
    selector = root.get(*_SELECTOR)
    keys = [key.value for key, _ in selector.entries] if selector else []
    found = [key for key in keys if word(root, (*_SELECTOR, key)).endswith(_SUFFIX)]
    found = found or [key for key in _LABELS if key in keys][:1] or keys[:2]
    if len(found) != 1:
        problem = "The Service's selector does not say clearly which pods it means"
        remedy = f"select the primary by one label that ends in {_SUFFIX}, e.g. app: shop-primary"
        raise wrong(problem, selector or root, file, remedy)
    return (*_SELECTOR, found[0])


KUBERNETES_FOUNDER = Silent()
"""The Founder of plain Services: their selector is all the route there is."""
