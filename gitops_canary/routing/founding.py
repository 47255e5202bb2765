"""The engine for first splits in weighted lists: what names the apex comes to name the primary."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Node, NodeKind, Pointer, set_scalar
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import Path
from gitops_canary.routing.identity import Names, shortened
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.scaling import scaled

WHOLE = Decimal(100)
Made = Sequence[Mapping[str, object]]
Check = Callable[[Node, Node], str]
"""From the document's root and an entry to why it cannot split, empty where it can."""


def any_entry(_: Node, __: Node) -> str:
    """Find nothing wrong."""
    return ""


def none_to_create(wanted: Wanted, place: Place) -> Made:
    """Refuse to write an object that only a person can know."""
    raise BindingError(
        f"No object routes to the Service {wanted.apex} yet.",
        remedy="commit the one that does, as if there were no canary, then run this again; "
        "docs/reference/routing.md lists the kinds",
        place=place,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A Founder of a kind whose weights lie in lists."""

    lists: Lists
    check: Check = any_entry
    created: Callable[[Wanted, Place], Made] = none_to_create

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of the objects that may route to the Service users call."""
        return self.lists.kinds

    def leads(self, text: str, document: int, wanted: Wanted) -> bool:
        """Tell whether some list names the Service users call."""
        return next(self._mine(text, document, wanted, Path("")), None) is not None

    def adopt(self, text: str, document: int, wanted: Wanted, *, file: Path) -> tuple[str, Made]:
        """Rename the entry in every list, and add the canary's behind it."""
        root = root_of(text, document, file)
        for at, name_at in list(self._mine(text, document, wanted, file)):
            entry = root.get(*at) or root
            if why := self.check(root, entry):
                raise wrong(why, entry, file, "take that out first, or write the split by hand")
            text = _renamed(text, document, (*at, *name_at), wanted, file)
        # Through the whole weight, since that alone adds an entry that is missing.
        for weight in (WHOLE, Decimal(0)):
            text = self.lists.set_weight(
                text, document, weight, file=file, namespace=wanted.namespace, apex=wanted.apex
            )
        return scaled(text, document, self.lists, wanted, file), ()

    def create(self, wanted: Wanted, *, place: Place) -> Made:
        """Write a new object."""
        return self.created(wanted, place)

    def _mine(
        self, text: str, document: int, wanted: Wanted, file: Path
    ) -> Iterator[tuple[Pointer, Pointer]]:
        """Give the entries that name the apex, and where in the entry they do."""
        root = root_of(text, document, file)
        names = Names(namespace=wanted.namespace, apex=wanted.apex)
        for group in self.lists.groups(root):
            for at in group.entries:
                entry = root.get(*at)
                for name_at, value in _words(entry, ()) if entry is not None else ():
                    if shortened(value, wanted.namespace) != wanted.apex:
                        continue
                    changed = _renamed(text, document, (*at, *name_at), wanted, file)
                    then = root_of(changed, document, file)
                    found = self.lists.meaning.identify(then, then.get(*at) or then, names)
                    if found and found.side == "primary" and found.at == name_at:
                        yield at, name_at


def _words(node: Node, at: Pointer) -> Iterator[tuple[Pointer, str]]:
    """Give every scalar below mappings."""
    if node.kind is NodeKind.SCALAR:
        yield at, node.value
    for key, value in node.entries:
        yield from _words(value, (*at, key.value))


def _renamed(text: str, document: int, at: Pointer, wanted: Wanted, file: Path) -> str:
    node = root_of(text, document, file).get(*at)
    assert node is not None, "it was found just now"
    new = wanted.apex + "-primary" + node.value.removeprefix(wanted.apex)
    return set_scalar(text, document, at, new, file=file)


def metadata(wanted: Wanted, name: str) -> dict[str, object]:
    """Write the metadata of a new document."""
    space = {"namespace": wanted.written_namespace} if wanted.written_namespace else {}
    return {"name": name, **space}


class Silent:
    """A Founder that finds nothing to change."""

    kinds: frozenset[tuple[str, str]] = frozenset()

    def leads(self, text: str, document: int, wanted: Wanted) -> bool:
        """Find nothing."""
        del text, document, wanted
        return False

    def adopt(self, text: str, document: int, wanted: Wanted, *, file: Path) -> tuple[str, Made]:
        """Leave everything as it is."""
        del document, wanted, file
        return text, ()

    def create(self, wanted: Wanted, *, place: Place) -> Made:
        """Write nothing."""
        del wanted, place
        return ()


_FIELD = """\
write this as canary.yaml beside the workload, with your own file, fields and query, and run this \
again:

apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  provider: field
  routing:
    weight: {{file: ./values.yaml, field: traffic.canary}} # percent of {apex}-canary: 0 now
    rest: {{file: ./values.yaml, field: traffic.primary}} # the rest, of {apex}-primary: 100 now
  targetRef: {{apiVersion: apps/v1, kind: {kind}, name: {name}}}
{service}  analysis:
    interval: 1m
    threshold: 3
    stepWeights: [5, 10, 25, 50]
    judge: {{type: threshold}}
    metrics:
      - name: failed
        interval: 1m
        thresholdRange: {{max: 1}} # percent
        query: |
          100 * sum(rate(app_requests{{app="{{{{ target }}}}", code=~"5.."}}[{{{{ interval }}}}]))
            / sum(rate(app_requests{{app="{{{{ target }}}}"}}[{{{{ interval }}}}]))
"""


def _field(wanted: Wanted) -> str:
    own = wanted.workload == wanted.apex
    return _FIELD.format(
        apex=wanted.apex,
        name=wanted.workload,
        kind=wanted.kind,
        namespace=wanted.namespace,
        service="" if own else f"  service: {{name: {wanted.apex}}}\n",
    )


class Unfounded(Silent):
    """Stands for a kind whose first split is written by hand."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def create(self, wanted: Wanted, *, place: Place) -> Made:
        """Refuse, and say what to do."""
        if self._provider == "knative":
            raise BindingError(
                "Knative splits between the revisions of its own Service, and no other workload "
                "has any.",
                remedy="name another router; docs/decisions/0026-no-knative-services.md says why",
                place=place,
            )
        raise BindingError(
            f"Which field holds the weight of {wanted.apex}-canary is only yours to know.",
            remedy=_field(wanted),
            place=place,
        )
