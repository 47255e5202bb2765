"""What a forge's rules for the config branch mean for the controller."""

from collections.abc import Iterator, Sequence

from gitops_canary.app.doctor import Finding, Health, fine, hint
from gitops_canary.settings import DeliverySettings

_BLOCKING = {
    "pull_request": "changes have to go through a pull request",
    "merge_queue": "changes have to go through the merge queue",
    "required_status_checks": "checks have to pass before a commit is pushed",
    "required_deployments": "deployments have to succeed before a commit is pushed",
    "update": "nobody may update the branch",
}
_REQUESTED = frozenset(_BLOCKING) - {"update"}
"""Rules that a pull request can meet."""
_PATTERNS = ("commit_message_pattern", "commit_author_email_pattern", "committer_email_pattern")


def branch_rules(
    rules: Sequence[str], subject: str, *, signs: bool, delivery: DeliverySettings | None = None
) -> Iterator[Finding]:
    """Say which rules of a branch stand in the controller's way."""
    for kind in rules:
        if delivery and kind in _REQUESTED:
            yield _requested(kind, subject, delivery)
        elif kind in _BLOCKING:
            remedy = "let the controller's user bypass it; the forge does not tell whether it may"
            yield _rule(subject, f"the rule {kind}: {_BLOCKING[kind]}", remedy)
        elif kind == "required_signatures" and not signs:
            remedy = "name a key in `signing`, and add its public half to the user at the forge"
            yield _rule(subject, f"the rule {kind}, and commits are not signed", remedy)
        elif kind == "required_signatures" or kind in _PATTERNS:
            yield hint(
                "rules", subject, f"the rule {kind}",
                "make sure that the controller's key and committer satisfy it",
            )  # fmt: skip
    if not rules:
        yield fine("rules", subject, "no rule is active for this branch")


def _requested(kind: str, subject: str, delivery: DeliverySettings) -> Finding:
    if kind == "merge_queue" and delivery.merges:
        remedy = "set delivery.merge: people, so that people put its requests into the queue"
        return _rule(subject, f"the rule {kind}: {_BLOCKING[kind]}", remedy)
    return fine("rules", subject, f"the rule {kind}: pull requests have to meet it")


def _rule(subject: str, what: str, remedy: str) -> Finding:
    return Finding(
        check="rules", subject=subject, health=Health.WRONG, what=what, remedy=remedy, code=7
    )
