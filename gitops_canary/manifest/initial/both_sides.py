"""Where one Service has to select both sides' pods: HAProxy Ingress tells them apart itself."""

from gitops_canary.errors import BindingError
from gitops_canary.manifest.document import Pointer, insert_key, parse, remove
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.terrain import pod_labels

LABEL = "gitops-canary.dev/pods-of"
"""A label that both workloads' pods have and nobody else's."""
_SELECTOR: Pointer = ("spec", "selector")


def _value(apex: str) -> str:
    """Give the label's value; never the workload's own name, which becomes the primary's there."""
    return f"service-{apex}"


def check(choice: Choice) -> None:
    """Make sure that there is a Service, and that the workload's pods have the label.

    It is not put on for them: a changed pod template restarts them.

    Raises:
        BindingError: one of them is not there; it says what to write.
    """
    if choice.service is None:
        raise BindingError(
            f"There is no Service {choice.apex}, and HAProxy Ingress balances the pods of one.",
            remedy="commit the Service users call, then run this again",
            place=choice.workload.place,
        )
    value = _value(choice.apex)
    if pod_labels(choice.workload).get(LABEL) != value:
        raise BindingError(
            f"The Service {choice.apex} has to select the pods of both sides, and they share no "
            "label that is theirs alone.",
            remedy=f"write `{LABEL}: {value}` into spec.template.metadata.labels (it restarts the "
            "pods), then run this again",
            place=choice.workload.at("spec", "template", "metadata", "labels"),
        )


def selecting(text: str, document: int, apex: str, file: str) -> str:
    """Let a Service select both sides' pods and nothing else."""
    root = parse(text, file=file)[document]
    selector = root.get(*_SELECTOR) if root is not None else None
    before = [key.value for key, _ in selector.entries] if selector is not None else []
    if LABEL not in before:
        text = insert_key(text, document, _SELECTOR, LABEL, _value(apex), file=file)
    for key in before:
        if key != LABEL:
            text = remove(text, document, (*_SELECTOR, key), file=file)
    return text
