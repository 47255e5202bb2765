"""What tells that a commit is live: one file per source, one line here."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from gitops_canary.ports import Engine, SyncSource
from gitops_canary.sync.api import Api
from gitops_canary.sync.argocd import ArgoCd
from gitops_canary.sync.commit_status import CommitStatus
from gitops_canary.sync.engine import ArgoCdEngine, FluxEngine
from gitops_canary.sync.flux import Flux
from gitops_canary.sync.kubernetes import Kubernetes
from gitops_canary.sync.none import Nothing
from gitops_canary.sync.options import Contains, Later, Options
from gitops_canary.sync.traffic import Traffic

Factory = Callable[[Options], SyncSource]


@runtime_checkable
class Closing(Protocol):
    """A source that holds connections."""

    async def aclose(self) -> None:
        """Close them."""


def _api(name: str, o: Options) -> Api:
    return Api(name, o.url, token_file=o.token_file, ca_file=o.ca_file)


SYNC: Mapping[str, Factory] = {
    "traffic": lambda o: Traffic(
        source=o.source,
        scrape_ms=o.scrape_ms,
        lag_ms=o.lag_ms,
        scrape_timeout_ms=o.scrape_timeout_ms,
    ),
    "none": lambda o: Nothing(
        source=o.source, delay_ms=o.delay_ms, memory=o.memory, writes=o.writes, steady=o.steady
    ),
    "kubernetes": lambda o: Kubernetes(_api("The Kubernetes API", o), timeout_ms=o.timeout_ms),
    "flux": lambda o: Flux(
        _api("The Kubernetes API", o), contains=o.contains, timeout_ms=o.timeout_ms
    ),
    "commit-status": lambda o: CommitStatus(
        _api("The forge", o),
        repository=o.repository,
        contexts=o.contexts,
        later=o.later,
        timeout_ms=o.timeout_ms,
    ),
    "argocd": lambda o: ArgoCd(
        _api("Argo CD", o), contains=o.contains, names=o.applications, timeout_ms=o.timeout_ms
    ),
}
"""`type` of a sync source in controller.yaml to what makes it."""

ENGINES: Mapping[str, Callable[[Options], Engine]] = {
    "argocd": lambda o: ArgoCdEngine(
        _api("Argo CD", o), names=o.applications, timeout_ms=o.timeout_ms
    ),
    "flux": lambda o: FluxEngine(_api("The Kubernetes API", o), timeout_ms=o.timeout_ms),
}
"""Those sources whose engine can be asked to look at Git."""

__all__ = [
    "ENGINES",
    "SYNC",
    "Closing",
    "Contains",
    "Factory",
    "Later",
    "Nothing",
    "Options",
    "Traffic",
]
