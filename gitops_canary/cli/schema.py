"""`schema`: the JSON Schemas of controller.yaml, of the evidence and of what `judge` reads."""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any

import typer

from gitops_canary.app.config import schema as settings_schema
from gitops_canary.app.evidence_models import schema as evidence_schema
from gitops_canary.app.judging import schema as judge_schema
from gitops_canary.cli.printing import write


class Document(Enum):
    """What has a schema."""

    CONTROLLER = "controller"
    EVIDENCE = "evidence"
    JUDGE = "judge"


_SCHEMAS: Mapping[Document, Callable[[], dict[str, Any]]] = {
    Document.CONTROLLER: settings_schema,
    Document.EVIDENCE: evidence_schema,
    Document.JUDGE: judge_schema,
}


def schema(
    document: Annotated[
        Document,
        typer.Argument(help="controller.yaml, decision-NN.json (evidence), or the input of judge."),
    ] = Document.CONTROLLER,
) -> int:
    """Print the JSON Schema of a document, for editors and checks."""
    write(json.dumps(_SCHEMAS[document](), indent=2))
    return 0
