"""HAProxy Ingress: the annotation `blue-green-balance`, a list of `label=value=weight`.

Facts relied on (HAProxy Ingress' reference of `blue-green`, and its source): the pods of one
Service are told apart by a label; weights are whole numbers from 0 to 256 and relative to each
other; pods of no entry get nothing; `blue-green-deploy` is the older name and counts where
`blue-green-balance` is not there. In mode `pod` a weight is each pod's, so the share would depend
on their number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from gitops_canary.manifest.document import Node, Pointer, set_scalar
from gitops_canary.model.names import Digest, Path
from gitops_canary.routing.identity import word
from gitops_canary.routing.nginx import ANNOTATIONS, INGRESS, backends
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.shape import bare, digest
from gitops_canary.rule_ports import Keeper, Matcher, Mirror

HAPROXY_PREFIXES = ("haproxy-ingress.github.io/", "ingress.kubernetes.io/")
HAPROXY_BALANCES = ("blue-green-balance", "blue-green-deploy")
_SELECTORS = ("blue-green-cookie", "blue-green-header")
_ENTRY = re.compile(r"([^=,\s]+)=([^=,\s]+)=(0|[1-9][0-9]{0,2})")
_SUFFIX = "-primary"
HAPROXY_MOST = 256
_PLACES = Decimal("0.001")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class _Group:
    """Pods with one label's value, and their weight."""

    label: str
    value: str
    weight: Decimal

    @property
    def text(self) -> str:
        return f"{self.label}={self.value}={int(self.weight)}"


@dataclass(frozen=True, slots=True)
class _Balance:
    """The whole annotation; `primary` and `canary` count its groups from 0."""

    at: Pointer
    groups: tuple[_Group, ...]
    primary: int
    canary: int

    @property
    def budget(self) -> Decimal:
        return self.groups[self.primary].weight + self.groups[self.canary].weight

    @property
    def text(self) -> str:
        return ",".join(group.text for group in self.groups)

    def weighing(self, primary: Decimal, canary: Decimal) -> "_Balance":
        """Give the balance with other weights of the two."""
        groups = list(self.groups)
        groups[self.primary] = replace(groups[self.primary], weight=primary)
        groups[self.canary] = replace(groups[self.canary], weight=canary)
        return replace(self, groups=tuple(groups))


class HaProxy:
    """The Router of Ingresses, or Services, with a blue/green balance."""

    kinds = INGRESS | {("", "Service")}
    matcher: Matcher | None = None
    mirror: Mirror | None = None
    keeper: Keeper | None = None

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether this is the Service users call, or leads to it, and balances pods."""
        del namespace
        root = root_of(text, document, Path(""))
        services = {service for _, service in backends(root)}
        if word(root, ("kind",)) == "Service":
            services = {word(root, ("metadata", "name"))}
        return apex in services and next(balances(root), None) is not None

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Claim the hosts and paths of an Ingress, or the Service's name."""
        root = root_of(text, document, Path(""))
        if word(root, ("kind",)) == "Service":
            return (f"the Service {word(root, ('metadata', 'name'))}",)
        return tuple(where for where, _ in backends(root))

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at all of it: there is one balance."""
        del text, document, namespace, apex
        return ((),)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at the annotations by which a request itself chooses its pods."""
        del namespace, apex
        root = root_of(text, document, Path(""))
        chosen = (
            (*ANNOTATIONS, prefix + name) for prefix in HAPROXY_PREFIXES for name in _SELECTORS
        )
        return tuple(at for at in chosen if root.get(*at) is not None)

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight, in percent of primary + canary."""
        del namespace, apex
        root = root_of(text, document, file)
        found = _balance(root, file)
        share = HUNDRED * found.groups[found.canary].weight / found.budget
        return share.quantize(_PLACES).normalize() + Decimal(0)

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest spec, annotations and groups without the two's weights."""
        del namespace, apex
        root = root_of(text, document, file)
        found = _balance(root, file)
        plain = found.weighing(found.budget, Decimal(0)).text
        rest = bare(root.get(*ANNOTATIONS), (found.at,), ANNOTATIONS)
        return digest([bare(root.get("spec")), rest, plain])

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write both weights; their sum stays."""
        del namespace, apex
        root = root_of(text, document, file)
        found = _balance(root, file)
        canary = found.budget * weight / HUNDRED
        primary = found.budget - canary
        if canary != int(canary) or max(canary, primary) > HAPROXY_MOST:
            node = root.get(*found.at) or root
            problem = f"{weight} % of {found.budget} is no whole number up to {HAPROXY_MOST}"
            raise wrong(problem, node, file, "let the two weights sum to 100")
        new = found.weighing(primary, canary).text
        if new == found.text:
            return text
        return set_scalar(text, document, found.at, new, file=file)

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
        """Put the stable weights back; weight 0 where the groups are others now."""
        where = {"namespace": namespace, "apex": apex}
        now = _balance(root_of(text, document, file), file)
        then = _balance(root_of(stable, stable_document, file), file)
        names = [[(g.label, g.value) for g in one.groups] for one in (now, then)]
        if names[0] == names[1] and now.text != then.text:
            text = set_scalar(text, document, now.at, then.text, file=file)
        return self.set_weight(text, document, Decimal(0), file=file, **where)


def balances(root: Node) -> Iterator[Pointer]:
    """Point at the annotations that balance, the one that counts first."""
    for name in HAPROXY_BALANCES:
        for prefix in HAPROXY_PREFIXES:
            at = (*ANNOTATIONS, prefix + name)
            if word(root, at):
                yield at


def _balance(root: Node, file: Path) -> _Balance:
    """Read the annotation that counts.

    Raises:
        BindingError: it is none, or names no primary and canary.
    """
    at = next(balances(root), ANNOTATIONS)
    node = root.get(*at) or root
    for prefix in HAPROXY_PREFIXES:
        mode = root.get(*ANNOTATIONS, prefix + "blue-green-mode")
        if mode is not None and mode.value == "pod":
            problem = "In mode pod the share depends on how many pods there are"
            raise wrong(problem, mode, file, "let blue-green-mode be deploy")
    found = [_ENTRY.fullmatch(part) for part in word(root, at).split(",")]
    groups = tuple(_Group(one[1], one[2], Decimal(one[3])) for one in found if one)
    if len(groups) != len(found) or any(group.weight > HAPROXY_MOST for group in groups):
        problem = f"{node.value[:40]!r} is no list of label=value=weight, each up to {HAPROXY_MOST}"
        raise wrong(problem, node, file, "write e.g. app=web-primary=100,app=web=0")
    pairs = [
        (primary, canary)
        for primary, one in enumerate(groups)
        for canary, other in enumerate(groups)
        if (other.label, f"{other.value}{_SUFFIX}") == (one.label, one.value)
    ]
    if len(pairs) != 1:
        problem = "There is not exactly one group with its primary"
        raise wrong(problem, node, file, "name both, e.g. app=web-primary=100,app=web=0")
    balance = _Balance(at, groups, *pairs[0])
    if balance.budget == 0:
        raise wrong(
            "Primary and canary both have weight 0 here", node, file, "give the primary 100"
        )
    return balance
