"""The `sync` entries of controller.yaml: what fits together, and as settings."""

from collections.abc import Iterator, Mapping

from gitops_canary.app import config_models as models
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.model.addresses import on_this_machine
from gitops_canary.settings import SyncSettings, SyncType

Loc = tuple[str | int, ...]
_OF_ENGINES = ("url", "token_file", "ca_file", "applications", "refresh")
_ALIASES = {"token_file": "tokenFile", "ca_file": "caFile"}


def sync_problems(
    here: Loc, one: models.Sync, sources: Mapping[str, models.Source]
) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    if one.type == "none" and one.delay is None:
        yield here, "has no delay", "say how long applying takes at most, e.g. delay: 5m"
    if one.type != "none" and one.delay is not None:
        yield (*here, "delay"), "is for type none only", "remove it, or set type: none"
    if one.type == "traffic" and one.source not in sources:
        place: Loc = (*here, "source")
        yield place, f"names no source: {shown(one.source)}", nearest(one.source, sources)
    elif one.type == "traffic" and sources[one.source].type != "prometheus":
        yield (*here, "source"), "does not speak PromQL", "name a source of type prometheus"
    if one.type in {"traffic", "none"}:
        for name in _OF_ENGINES:
            if getattr(one, name):
                field = _ALIASES.get(name, name)
                yield (*here, field), f"is not for type {one.type}", "remove it"
    else:
        yield from _engine(here, one)


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
        url=one.url or "",
        token_file=one.token_file,
        ca_file=one.ca_file,
        timeout_ms=one.timeout,
        applications=tuple(one.applications),
        refresh=one.refresh,
    )
