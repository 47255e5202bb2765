"""The `delivery` entries of controller.yaml: what fits together, and as settings."""

from collections.abc import Iterator

from gitops_canary.app import config_models as models
from gitops_canary.model.request import Method
from gitops_canary.settings import DeliverySettings

Loc = tuple[str | int, ...]
PULL_REQUEST = "pull-request"


def delivery_problems(document: models.Document) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    for index, one in enumerate(document.repositories):
        if one.delivery:
            here: Loc = ("repositories", index, "delivery")
            yield from _delivery(here, one, one.delivery, document)


def _delivery(
    here: Loc, repository: models.Repository, one: models.Delivery, document: models.Document
) -> Iterator[tuple[Loc, str, str]]:
    if one.type != PULL_REQUEST:
        for name, usual in (("merge", "controller"), ("method", Method.MERGE.value)):
            if getattr(one, name) != usual:
                yield (*here, name), f"is for type {PULL_REQUEST} only", "remove it"
        return
    if repository.forge is None:
        yield here, "needs a forge to open pull requests at", "give the repository a forge"
    if document.signing is None:
        what = "needs signing: else whoever may push a branch could have anything merged as ours"
        yield here, what, "give signing a key"
    if repository.initialise:
        remedy = "remove initialise and let `gitops-canary init` write the primary for a review"
        yield here, "does not carry `initialise` yet", remedy
    if one.method != Method.MERGE.value:
        yield from _written_by_the_forge((*here, "method"), repository, one, document)


def _written_by_the_forge(
    here: Loc, repository: models.Repository, one: models.Delivery, document: models.Document
) -> Iterator[tuple[Loc, str, str]]:
    needs = (
        (repository.forge_commits, "forgeCommits", "set forgeCommits: true"),
        (document.evidence == "branch", "evidence: branch", "keep the evidence"),
    )
    for met, what, remedy in needs:
        if not met:
            text = f"is {one.method}, so the forge writes the commit, which counts only with {what}"
            yield here, text, f"{remedy}, or method: merge"


def one_delivery(one: models.Delivery | None) -> DeliverySettings | None:
    """Give a repository's delivery as settings; None where it pushes."""
    if one is None or one.type != PULL_REQUEST:
        return None
    return DeliverySettings(merges=one.merge == "controller", method=Method(one.method))
