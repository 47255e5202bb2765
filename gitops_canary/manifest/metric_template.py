"""Flagger's MetricTemplate and AlertProvider."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.flagger_fields import ALERT_PROVIDER, METRIC_TEMPLATE
from gitops_canary.manifest.header import Header, read_header
from gitops_canary.manifest.leaves import NAME
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.problems import joined
from gitops_canary.model.owned import DocRef

SOURCE = "gitops-canary.dev/source"
"""Annotation of a MetricTemplate: the metric source to ask, where it is not named as its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTemplate:
    """A query that several Canaries may refer to; placeholders are intact."""

    namespace: str
    name: str
    provider: str
    """Flagger's name of the kind of source."""
    source: str | None = None
    """Metric source of controller.yaml that an annotation names; None leaves it to the kind."""
    address: str | None
    """The URL the document carries; must be one the operator allows."""
    query: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertProvider:
    """Where Flagger sends alerts; read so that a mistake in it is found."""

    namespace: str
    name: str
    type: str
    place: Place


TemplateLookup = Callable[[str, str], MetricTemplate | None]
"""Finds a template by namespace and name; SpecError where it is wrong or there are two."""


def read_template(node: Node, *, file: str) -> MetricTemplate:
    """Read a MetricTemplate.

    Raises:
        SpecError: something in it is wrong, or not supported yet; it lists everything.
    """
    header = read_header(node, file=file)
    doc = Checked(header.spec, METRIC_TEMPLATE, file=file)
    _refuse(doc, header)
    return MetricTemplate(
        namespace=header.namespace,
        name=header.name,
        provider=doc.text("provider.type") or "",
        source=_source(doc, header),
        address=doc.text("provider.address") or _regional(doc),
        query=doc.text("query") or "",
        place=header.place,
    )


def _source(doc: Checked, header: Header) -> str | None:
    """Read which metric source is meant, where the operator has several of a kind."""
    node = header.annotations.get(SOURCE)
    if node is None:
        return None
    if node.kind is not NodeKind.SCALAR or not NAME.fullmatch(node.value):
        doc.complain("provider", f"has no usable annotation {SOURCE}", "name a metric source")
    return node.value


def _regional(doc: Checked) -> str | None:
    """Give the address that a region stands for; None where there is none."""
    region = doc.text("provider.region")
    if region is None or doc.text("provider.type") != "cloudwatch":
        return None
    return f"https://monitoring.{region}.amazonaws.com"


def read_alert_provider(node: Node, *, file: str) -> AlertProvider:
    """Read an AlertProvider.

    Raises:
        SpecError: something in it is wrong; it lists everything.
    """
    header = read_header(node, file=file)
    doc = Checked(header.spec, ALERT_PROVIDER, file=file)
    if doc.has("address") == doc.has("secretRef"):
        doc.complain("address", "and secretRef are alternatives", "give exactly one of them")
    _refuse(doc, header)
    return AlertProvider(
        namespace=header.namespace,
        name=header.name,
        type=doc.text("type") or "",
        place=header.place,
    )


def templates(documents: Iterable[tuple[DocRef, Node]]) -> TemplateLookup:
    """Make a lookup of the MetricTemplates of one tree; each is read when it is asked for."""
    found: dict[tuple[str, str], list[tuple[DocRef, Node]]] = {}
    for ref, node in documents:
        found.setdefault((ref.namespace or "default", ref.name), []).append((ref, node))

    def lookup(namespace: str, name: str) -> MetricTemplate | None:
        own = found.get((namespace, name), [])
        if len(own) > 1:
            (first, _), (second, node) = own[:2]
            raise SpecError(
                f"The MetricTemplate {namespace}/{name} is also in {first.file}.",
                remedy="keep one of them",
                place=Place(second.file, node.line, node.column),
            )
        return read_template(own[0][1], file=own[0][0].file) if own else None

    return lookup


def _refuse(doc: Checked, header: Header) -> None:
    problems = [*header.problems, *doc.problems]
    if problems:
        raise joined(
            problems, SpecError, subject=f"The {header.kind} {header.namespace}/{header.name}"
        )
