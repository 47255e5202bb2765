"""What a person asks for, and a document's identity."""

import re

from gitops_canary.errors import Place
from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.forms import FORMS
from gitops_canary.manifest.header import Header
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.problems import Problem, nearest, shown
from gitops_canary.manifest.scalars import ambiguous
from gitops_canary.model.names import CanaryId
from gitops_canary.model.spec import Control

PREFIX = "gitops-canary.dev/"
"""Of our annotations on a Flagger Canary."""


def from_spec(doc: Checked, header: Header) -> tuple[CanaryId, Control]:
    """Read `spec.id` and `spec.control`; what is wrong is noted in `doc`."""
    for key, node in header.annotations.items():
        if key.startswith(PREFIX):
            place = Place(header.place.file, node.line, node.column)
            text = f"{shown(key)[1:-1]} is for Flagger's dialect"
            doc.problems.append(Problem(place, text, "use spec.id and spec.control"))
    approve = (doc.text(path) for path in doc.items("control.approve"))
    control = Control(
        paused=doc.flag("control.paused"),
        approve=tuple(value for value in approve if value is not None),
        abort=doc.text("control.abort"),
        retry=doc.text("control.retry"),
        resume=doc.text("control.resume"),
        promote=doc.text("control.promote"),
    )
    return _id(doc.text("id"), header), control


def from_annotations(doc: Checked, header: Header) -> tuple[CanaryId, Control]:
    """Read our annotations on a Flagger Canary; what is wrong is noted in `doc`."""
    found: dict[str, str] = {}
    for key, node in header.annotations.items():
        if key.startswith(PREFIX):
            name, place = key.removeprefix(PREFIX), Place(header.place.file, node.line, node.column)
            problem = _annotation(name, node)
            if problem:
                doc.problems.append(Problem(place, *problem))
            else:
                found[name] = node.value
    control = Control(
        paused=found.get("paused") == "true",
        approve=tuple(_listed(found.get("approve", ""))),
        abort=found.get("abort"),
        retry=found.get("retry"),
        resume=found.get("resume"),
        promote=found.get("promote"),
    )
    return _id(found.get("id"), header), control


def _annotation(name: str, node: Node) -> tuple[str, str] | None:
    """Say what is wrong with one of our annotations, and the remedy."""
    whole = f"{PREFIX}{shown(name)[1:-1]}"
    if name not in FORMS:
        return f"{whole} is not known", nearest(name, FORMS)
    pattern, words = FORMS[name]
    values = _listed(node.value) if name == "approve" else [node.value]
    if node.kind is not NodeKind.SCALAR or (node.plain and ambiguous(node.value)):
        return f"{whole} is no text", "put its value in quotes"
    if not all(re.fullmatch(pattern, value) for value in values):
        return f"{whole} is {shown(node.value)}", f"write {words}"
    return None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _id(own: str | None, header: Header) -> CanaryId:
    return CanaryId(own or f"{header.namespace}/{header.name}")
