"""The `sync` entries of controller.yaml: what fits together, and as settings."""

from collections.abc import Iterable, Iterator, Mapping

from gitops_canary.app import config_models as models
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.model.addresses import on_this_machine
from gitops_canary.settings import SyncSettings, SyncType

Loc = tuple[str | int, ...]
_OF_ENGINES = ("url", "token_file", "ca_file", "applications", "refresh")
_OF_STATUSES = ("repository", "contexts")
COMMIT_STATUS = SyncType.COMMIT_STATUS.value
_SEEING = frozenset({"traffic", "argocd", "flux", "kubernetes"})
"""Sources that see which version runs, or that stand a settle time in for it and say so."""
_GITHUB = "https://api.github.com"
_ALIASES = {"token_file": "tokenFile", "ca_file": "caFile"}


def sync_problems(
    here: Loc, one: models.Sync, sources: Mapping[str, models.Source]
) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    yield from _delay(here, one)
    if one.type == "traffic":
        yield from _measured(here, one, sources)
    if one.type != COMMIT_STATUS:
        yield from _foreign(here, one, _OF_STATUSES)
    if one.type in {"traffic", "none"}:
        yield from _foreign(here, one, _OF_ENGINES)
    elif one.type == COMMIT_STATUS:
        yield from _statuses(here, one)
    else:
        yield from _engine(here, one)


def _delay(here: Loc, one: models.Sync) -> Iterator[tuple[Loc, str, str]]:
    if one.type == "none" and one.delay is None:
        yield here, "has no delay", "say how long applying takes at most, e.g. delay: 5m"
    if one.type != "none" and one.delay is not None:
        yield (*here, "delay"), "is for type none only", "remove it, or set type: none"


def _measured(
    here: Loc, one: models.Sync, sources: Mapping[str, models.Source]
) -> Iterator[tuple[Loc, str, str]]:
    place: Loc = (*here, "source")
    if one.source not in sources:
        yield place, f"names no source: {shown(one.source)}", nearest(one.source, sources)
    elif sources[one.source].type != "prometheus":
        yield place, "does not speak PromQL", "name a source of type prometheus"


def _foreign(here: Loc, one: models.Sync, names: Iterable[str]) -> Iterator[tuple[Loc, str, str]]:
    """Find fields of other types."""
    for name in names:
        if getattr(one, name):
            yield (*here, _ALIASES.get(name, name)), f"is not for type {one.type}", "remove it"


def together_problems(document: models.Document) -> Iterator[tuple[Loc, str, str]]:
    """Find what commit statuses need beside them."""
    for index, one in enumerate(document.sync):
        if one.type != COMMIT_STATUS:
            continue
        here: Loc = ("sync", index)
        if not _SEEING & {other.type for other in document.sync}:
            remedy = f"add a source of type {', '.join(sorted(_SEEING))}; all have to agree"
            yield here, "sees no pods, so it cannot tell that a version is ready", remedy
        if len(document.repositories) > 1:
            yield here, "fits one repository", "run a controller for each, or use another source"


def _statuses(here: Loc, one: models.Sync) -> Iterator[tuple[Loc, str, str]]:
    for name, remedy in (
        ("repository", "give owner and name at GitHub, e.g. acme/config"),
        ("contexts", "name the statuses the engine writes, e.g. [kustomization/apps/*]"),
        ("token_file", "give a file with a token that may read commit statuses"),
    ):
        if not getattr(one, name):
            yield here, f"has no {_ALIASES.get(name, name)}", remedy
    yield from _foreign(here, one, ("applications", "refresh"))
    if one.url and one.url.startswith("http:") and not on_this_machine(one.url):
        yield (*here, "url"), "would carry a token unencrypted", "use https with tokenFile"


def _engine(here: Loc, one: models.Sync) -> Iterator[tuple[Loc, str, str]]:
    if one.url is None:
        yield here, "has no url", "give the base URL of its API, e.g. https://argocd.example"
    elif one.token_file and one.url.startswith("http:") and not on_this_machine(one.url):
        yield (*here, "url"), "would carry a token unencrypted", "use https with tokenFile"
    if one.applications and one.type != "argocd":
        yield (*here, "applications"), "are for type argocd only", "remove them"
    if one.refresh and one.type == "kubernetes":
        yield (*here, "refresh"), "is for types argocd and flux only", "name the engine as type"


def one_sync(one: models.Sync) -> SyncSettings:
    """Give one entry as settings."""
    return SyncSettings(
        type=SyncType(one.type),
        delay_ms=one.delay or 0,
        settle_ms=one.settle,
        source=one.source,
        url=one.url or (_GITHUB if one.type == COMMIT_STATUS else ""),
        token_file=one.token_file,
        ca_file=one.ca_file,
        timeout_ms=one.timeout,
        applications=tuple(one.applications),
        refresh=one.refresh,
        repository=one.repository,
        contexts=tuple(one.contexts),
    )
