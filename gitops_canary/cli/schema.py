"""`schema`: JSON Schemas of controller.yaml, evidence, what `judge` reads and says, Canaries."""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any

import typer

from gitops_canary.app.config import schema as settings_schema
from gitops_canary.app.evidence_models import schema as evidence_schema
from gitops_canary.app.judging import schema as judge_schema
from gitops_canary.app.judging import verdict_schema
from gitops_canary.cli.printing import write
from gitops_canary.manifest.crd import document_schema


class Document(Enum):
    """What has a schema."""

    CONTROLLER = "controller"
    EVIDENCE = "evidence"
    JUDGE = "judge"
    VERDICT = "verdict"
    CANARY = "canary"


_SCHEMAS: Mapping[Document, Callable[[], dict[str, Any]]] = {
    Document.CONTROLLER: settings_schema,
    Document.EVIDENCE: evidence_schema,
    Document.JUDGE: judge_schema,
    Document.VERDICT: verdict_schema,
    Document.CANARY: document_schema,
}


def schema(
    document: Annotated[
        Document,
        typer.Argument(
            help="controller.yaml, decision-NN.json (evidence), the input of judge, one of its "
            "verdicts, or a Canary."
        ),
    ] = Document.CONTROLLER,
) -> int:
    """Print the JSON Schema of a document, for editors and checks."""
    write(json.dumps(_SCHEMAS[document](), indent=2))
    return 0
