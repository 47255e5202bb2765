"""How delivery by pull request is put together; a part of `wiring`."""

from gitops_canary.app.crowd import Crowd
from gitops_canary.app.delivering import Delivering
from gitops_canary.app.proposing import Proposing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.worker import Worker
from gitops_canary.forge import REQUESTS
from gitops_canary.git.branches import Branches
from gitops_canary.model.request import Method
from gitops_canary.settings import Evidence, RepositorySettings, Settings


def delivering(
    settings: Settings,
    one: RepositorySettings,
    git: Branches,
    worker: Worker,
    budget: Budget,
) -> Delivering | None:
    """Give what delivers one repository's moves; None where they are pushed."""
    if one.delivery is None or one.forge is None:
        return None
    forge, merging = one.forge, one.delivery.method is Method.MERGE
    return Delivering(
        proposing=Proposing(
            git=git,
            branches=git,
            witness=git.witness,
            target=one.branch,
            evidence=settings.evidence is Evidence.BRANCH,
            sealed=not merging,
        ),
        requests=REQUESTS[forge.type](forge.url, forge.repository, forge.token_file, one.branch),
        worker=worker,
        budget=budget,
        target=one.branch,
        crowd=Crowd(target=one.branch),
        merges=one.delivery.merges,
        method=one.delivery.method,
    )
