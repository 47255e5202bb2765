"""Replicas in a listed field: in whatever text they lie, and refused where they are no number."""

from typing import Any

import pytest
from canary_texts import own, read, refusal

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import field_values
from gitops_canary.manifest.field_place import locate
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldRef
from gitops_canary.model.references import Reference

FILE = Path("a.yaml")
PLACES = {
    "kustomize": ("replicas:\n- {name: web, count: 0} # asleep\n", "replicas[name=web].count"),
    "values": ("canary:\n  replicaCount: 0\n", "canary.replicaCount"),
    "quoted": (
        'spec: {source: {helm: {parameters: [{name: replicas, value: "0"}]}}}\n',
        "spec.source.helm.parameters[name=replicas].value",
    ),
    "a text": (
        (
            "spec:\n  source:\n    helm:\n      values: |\n        # ours\n"
            "        replicas: 0  # asleep\n"
        ),
        "spec.source.helm.values|replicas",
    ),
}


def at(text: str, field: str) -> FieldRef:
    reference = Reference(file=FILE, document="", field=field, place=Place("c.yaml"))
    return locate(reference, {FILE: text}.get)


@pytest.mark.parametrize(("text", "field"), PLACES.values(), ids=PLACES)
def test_a_number_is_written_where_it_stands_and_back_to_the_same_bytes(
    text: str, field: str
) -> None:
    ref = at(text, field)
    assert field_values.whole(text, ref) == 0
    three = field_values.put(text, ref, 3)
    assert three == text.replace("0", "3")
    assert field_values.put(three, ref, 3) == three
    assert field_values.put(three, at(three, field), 0) == text


@pytest.mark.parametrize("wrong", ["many", "-1", "1.5", "[1]", "${COUNT}"])
def test_what_is_no_number_is_refused_with_its_place(wrong: str) -> None:
    text = f"canary:\n  replicaCount: {wrong}\n"
    with pytest.raises(SpecError, match="no number of replicas") as error:
        field_values.whole(text, at(text, "canary.replicaCount"))
    assert error.value.place is not None
    assert error.value.place.line == 2


FIELD = {"file": "a.yaml", "field": "images[name=x]"}
PAIR = {"name": "app", "candidate": FIELD, "primary": {**FIELD, "field": "images[name=y]"}}
COUNT = {"file": "./a.yaml", "field": "replicas[name=x].count"}


def source(**replicas: Any) -> dict[str, Any]:
    return own(source={"fields": [PAIR], "replicas": replicas})


def test_both_places_are_read_from_the_document() -> None:
    found = read(source(candidate=COUNT, primary={**COUNT, "document": "Kind/x"})).replicas
    assert found is not None
    assert (found.candidate.file, found.candidate.field) == ("apps/a.yaml", COUNT["field"])
    assert found.primary is not None
    assert found.primary.document == "Kind/x"
    assert read(own(source={"fields": [PAIR]})).replicas is None


@pytest.mark.parametrize(
    ("replicas", "problem"),
    [
        ({"primary": COUNT}, "source.replicas.candidate is missing"),
        ({"candidate": {"file": "a.yaml"}}, "source.replicas.candidate.field is missing"),
        ({"candidate": {**COUNT, "field": "a["}}, "source.replicas.candidate.field"),
        ({"candidate": {**COUNT, "file": "../../a"}}, "leads out of the repository"),
    ],
)
def test_what_names_no_field_is_refused(replicas: dict[str, Any], problem: str) -> None:
    assert problem in str(refusal(source(**replicas)))
