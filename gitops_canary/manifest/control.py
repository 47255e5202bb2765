"""What a person asks for, and a document's identity."""

import re
from collections.abc import Mapping

from gitops_canary.errors import Place
from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.header import Header
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.problems import Problem, nearest, shown
from gitops_canary.model.names import CanaryId
from gitops_canary.model.spec import Control

PREFIX = "gitops-canary.dev/"
"""Of our annotations on a Flagger Canary."""
ROLLOUT = r"[0-9a-f]{12}"
STEP = rf"{ROLLOUT}/(0|[1-9][0-9]?)"
WEIGHT = rf"{ROLLOUT}/(0|[1-9][0-9]?|100)(\.[0-9]{{1,3}})?"
ID = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)*"
ID_MAX = 200
_FORMS: Mapping[str, tuple[str, str]] = {
    "approve": (STEP, "<rollout>/<step>, e.g. 0123456789ab/2"),
    "abort": (ROLLOUT, "a rollout's twelve digits"),
    "retry": (ROLLOUT, "a rollout's twelve digits"),
    "resume": (WEIGHT, "<rollout>/<weight>, e.g. 0123456789ab/10"),
    "id": (ID, "a-z, 0-9, - and . in parts separated by /"),
    "paused": ("true|false", "true or false, in quotes"),
}


def from_spec(doc: Checked, header: Header) -> tuple[CanaryId, Control]:
    """Read `spec.id` and `spec.control`; what is wrong is noted in `doc`."""
    for key, node in header.annotations.items():
        if key.startswith(PREFIX):
            place = Place(header.place.file, node.line, node.column)
            text = f"{shown(key)[1:-1]} is for Flagger's dialect"
            doc.problems.append(Problem(place, text, "use spec.id and spec.control"))
    approve = [path for path in doc.items("control.approve") if doc.text(path) is not None]
    found = {
        name: value
        for name in ("abort", "retry", "resume")
        if (value := doc.text(f"control.{name}")) is not None
    }
    for path in approve:
        _check(doc, path, "approve", doc.text(path) or "")
    for name, value in found.items():
        _check(doc, f"control.{name}", name, value)
    own_id = doc.text("id")
    if own_id is not None:
        _check(doc, "id", "id", own_id)
    control = Control(
        paused=doc.flag("control.paused"),
        approve=tuple(doc.text(path) or "" for path in approve),
        **found,
    )
    return _id(own_id, header), control


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
    )
    return _id(found.get("id"), header), control


def _annotation(name: str, node: Node) -> tuple[str, str] | None:
    """Say what is wrong with one of our annotations, and the remedy."""
    whole = f"{PREFIX}{shown(name)[1:-1]}"
    if name not in _FORMS:
        return f"{whole} is not known", nearest(name, _FORMS)
    pattern, words = _FORMS[name]
    values = _listed(node.value) if name == "approve" else [node.value]
    typed = node.plain and (node.value in {"true", "false"} or node.value.isdigit())
    if node.kind is not NodeKind.SCALAR or typed:
        return f"{whole} is no text", "put its value in quotes"
    if not all(re.fullmatch(pattern, value) and len(value) <= ID_MAX for value in values):
        return f"{whole} is {shown(node.value)}", f"write {words}"
    return None


def _check(doc: Checked, path: str, name: str, value: str) -> None:
    pattern, words = _FORMS[name]
    if not re.fullmatch(pattern, value) or len(value) > ID_MAX:
        doc.complain(path, f"is {shown(value)}", f"write {words}")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _id(own: str | None, header: Header) -> CanaryId:
    return CanaryId(own or f"{header.namespace}/{header.name}")
