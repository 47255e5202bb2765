"""The CustomResourceDefinition of our own Canary, made from the table that reads it."""

from collections.abc import Callable, Mapping

from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.fields import Field, Shape, Status, Type
from gitops_canary.manifest.leaves import NAME
from gitops_canary.manifest.own_fields import CANARY
from gitops_canary.manifest.scalars import Json
from gitops_canary.model.durations import PATTERN

FILE = "manifests/crd/gitops-canary.dev_canaries.yaml"
"""Where the text lies in this repository."""
Schema = dict[str, Json]
_HEAD = """\
# Made from gitops_canary/manifest/own_fields.py; a test compares the two. It serves editors, and
# keeps a synced Canary from breaking the sync; no controller in the cluster reads it.
"""
_ONE_LADDER: Json = [
    {"required": ["stepWeight"]},
    {"required": ["stepWeights"]},
    {"required": ["iterations"]},
]
_ONE_QUERY: Json = {"required": ["query", "templateRef"]}
_EXTRA: Mapping[str, Schema] = {
    "analysis": {"oneOf": _ONE_LADDER},
    "analysis.metrics[]": {"not": _ONE_QUERY},
}
"""What single rows cannot say, by path."""


def crd() -> Schema:
    """Give the definition as data."""
    columns: list[Json] = [
        {"name": name, "type": type_, "jsonPath": path}
        for name, type_, path in (
            ("Target", "string", ".spec.targetRef.name"),
            ("Paused", "boolean", ".spec.control.paused"),
            ("Suspended", "boolean", ".spec.suspend"),
            ("Age", "date", ".metadata.creationTimestamp"),
        )
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "canaries.gitops-canary.dev"},
        "spec": {
            "group": "gitops-canary.dev",
            "names": {
                "kind": "Canary",
                "listKind": "CanaryList",
                "plural": "canaries",
                "singular": "canary",
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": _canary()},
                }
            ],
        },
    }


def document_schema() -> Schema:
    """Give the JSON Schema of one Canary, for editors: unknown fields are wrong there too."""
    closed = _closed(_canary())
    assert isinstance(closed, dict), "as it was"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **closed}


def _closed(schema: Json) -> Json:
    """Let objects have no other fields than those they name; a CRD may not say so."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner: Schema = {key: _closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        inner["additionalProperties"] = False
    return inner


def text() -> str:
    """Give the definition as a file's text."""
    return _HEAD + block(crd())


def _canary() -> Schema:
    spec = _schema(CANARY.shape)
    spec["description"] = "How new versions of one workload earn their traffic."
    return {
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
        },
    }


def _schema(shape: Shape) -> Schema:
    extra = _EXTRA.get(shape.path, {})
    if shape.leaf:
        return _leaf(shape.leaf)
    if shape.item:
        most = CANARY.items_max.get(shape.path)
        return {
            "type": "array",
            **({"maxItems": most} if most is not None else {}),
            "items": _schema(shape.item),
        }
    if "*" in shape.keys:
        return {"type": "object", "additionalProperties": _schema(shape.keys["*"])}
    shown = {name: child for name, child in shape.keys.items() if not _later(child)}
    required: list[Json] = [n for n, child in shown.items() if child.path in CANARY.required]
    return {
        "type": "object",
        **({"required": required} if required else {}),
        **extra,
        "properties": {name: _schema(child) for name, child in shown.items()},
    }


def _later(shape: Shape) -> bool:
    return shape.leaf is not None and shape.leaf.status is Status.REFUSED


def _leaf(leaf: Field) -> Schema:
    found: Schema = {"description": leaf.why[0].upper() + leaf.why[1:] + "."}
    found |= _TYPES[leaf.type](leaf)
    if leaf.choices:
        found["enum"] = list(leaf.choices)
    if leaf.pattern:
        found["pattern"] = f"^({leaf.pattern})$"
    return found


def _text(_: Field) -> Schema:
    return {"type": "string"}


def _word(_: Field) -> Schema:
    return {"type": "string", "minLength": 1}


def _name(_: Field) -> Schema:
    return {"type": "string", "maxLength": 253, "pattern": f"^{NAME.pattern}$"}


def _duration(_: Field) -> Schema:
    return {"type": "string", "minLength": 2, "pattern": PATTERN}


def _flag(_: Field) -> Schema:
    return {"type": "boolean"}


def _whole(leaf: Field) -> Schema:
    return {"type": "integer", **_bounds(leaf)}


def _number(leaf: Field) -> Schema:
    return {"type": "number", **_bounds(leaf)}


def _bounds(leaf: Field) -> Schema:
    named = (("minimum", leaf.low), ("maximum", leaf.high))
    return {
        name: int(value) if value == int(value) else float(value)
        for name, value in named
        if value is not None
    }


_TYPES: Mapping[Type, Callable[[Field], Schema]] = {
    Type.TEXT: _text,
    Type.WORD: _word,
    Type.NAME: _name,
    Type.DURATION: _duration,
    Type.WHOLE: _whole,
    Type.NUMBER: _number,
    Type.FLAG: _flag,
}
"""Our own dialect has no URLs and no ports."""
