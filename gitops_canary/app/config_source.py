"""The metric sources of controller.yaml: what fits together, and as settings."""

import re
from collections.abc import Iterator

from gitops_canary.app import config_models as models
from gitops_canary.core.text import duration
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.metrics import METRICS
from gitops_canary.model.addresses import on_this_machine
from gitops_canary.settings import SourceSettings

Loc = tuple[str | int, ...]
SCRAPE_TIMEOUT_MS = 10_000
"""Prometheus' `scrape_timeout` where its configuration says nothing; see its `<scrape_config>`."""
_TOKEN = re.compile(r"[A-Za-z0-9-]{1,100}")
_LOGIN = frozenset({"authorization", "proxy-authorization", "cookie"})
_OURS = _LOGIN | {
    "accept", "accept-encoding", "connection", "content-encoding", "content-length",
    "content-type", "expect", "host", "keep-alive", "range", "te", "trailer",
    "transfer-encoding", "upgrade", "user-agent",
}  # fmt: skip
"""Headers that are made of other settings, or that say how a message travels."""


def source_problems(here: Loc, one: models.Source) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    basic = one.username is not None or one.password_file is not None
    if (one.username is None) != (one.password_file is None) or (one.token_file and basic):
        remedy = "give tokenFile alone, or username with passwordFile"
        yield here, "has credentials that do not fit together", remedy
    if one.scrape_timeout is not None and one.scrape_timeout > one.scrape_interval:
        remedy = f"give at most scrapeInterval, {duration(one.scrape_interval)}"
        yield (*here, "scrapeTimeout"), "is longer than the time between two scrapes", remedy
    secret = one.token_file or basic or one.secret_files or one.header_files
    if secret and one.url.startswith("http:") and not on_this_machine(one.url):
        yield (*here, "url"), "would carry a secret unencrypted", "use https with credentials"
    name = str(here[-1])
    if name in METRICS and name != one.type:
        what = f"is asked by MetricTemplates of type {name}, and has another type"
        yield here, what, f"name it otherwise, or set type: {name}"
    yield from _secrets(here, one)
    yield from _options(here, one)
    yield from _headers(here, one)


def _secrets(here: Loc, one: models.Source) -> Iterator[tuple[Loc, str, str]]:
    kind = METRICS[one.type]
    given = {*one.secret_files, *(("token",) if one.token_file else ())}
    own = {"token", "password"}
    known = sorted((kind.may | frozenset().union(*kind.secrets)) - own)
    for name in one.secret_files:
        if name not in known:
            remedy = nearest(name, known) if known else "remove it"
            what = f"{shown(name)} is no secret of type {one.type}"
            yield (*here, "secretFiles", name), what, remedy
    if kind.secrets and not any(wanted <= given for wanted in kind.secrets):
        ways = " or ".join(" and ".join(map(_field, sorted(wanted))) for wanted in kind.secrets)
        yield here, f"lacks credentials of type {one.type}", f"give {ways}"


def _field(secret: str) -> str:
    return "tokenFile" if secret == "token" else f"secretFiles.{secret}"  # noqa: S105 - a name


def _options(here: Loc, one: models.Source) -> Iterator[tuple[Loc, str, str]]:
    kind = METRICS[one.type]
    known = sorted(kind.options | kind.extras)
    for name in one.options:
        if name not in known:
            remedy = nearest(name, known) if known else "remove it"
            yield (*here, "options", name), f"is no option of type {one.type}", remedy
    for name in sorted(kind.options - one.options.keys()):
        yield here, f"has no options.{name}", f"add it; type {one.type} needs it"


def _headers(here: Loc, one: models.Source) -> Iterator[tuple[Loc, str, str]]:
    given = [
        *(("headers", name) for name in one.headers),
        *(("headerFiles", name) for name in one.header_files),
    ]
    seen: set[str] = set()
    for field, name in given:
        if not METRICS[one.type].headers:
            takes = ", ".join(sorted(kind for kind in METRICS if METRICS[kind].headers))
            yield (*here, field), f"is nothing for type {one.type}", f"remove it; {takes} take it"
            return
        if not _TOKEN.fullmatch(name):
            remedy = "use letters, digits and -"
            yield (*here, field, name), f"{shown(name)} is no name of a header", remedy
        elif name.lower() in _OURS:
            remedy = "give tokenFile or passwordFile" if name.lower() in _LOGIN else "remove it"
            yield (*here, field, name), f"{name} is not for you to set", remedy
        elif name.lower() in seen:
            yield (*here, field, name), f"gives {name} twice", "leave one of them"
        seen.add(name.lower())


def _scrape_timeout_ms(one: models.Source) -> int:
    """Take Prometheus' own default where nothing is said; what is not scraped takes an interval."""
    if one.scrape_timeout is not None:
        return one.scrape_timeout
    scraped = one.type == "prometheus"
    return min(SCRAPE_TIMEOUT_MS, one.scrape_interval) if scraped else one.scrape_interval


def one_source(one: models.Source) -> SourceSettings:
    """Give one source as settings."""
    return SourceSettings(
        type=one.type,
        url=one.url,
        scrape_ms=one.scrape_interval,
        scrape_timeout_ms=_scrape_timeout_ms(one),
        lag_ms=one.lag,
        timeout_ms=one.timeout,
        addresses=frozenset(one.addresses),
        token_file=one.token_file,
        username=one.username,
        password_file=one.password_file,
        ca_file=one.ca_file,
        secret_files=dict(one.secret_files),
        options=dict(one.options),
        headers=dict(one.headers),
        header_files=dict(one.header_files),
    )
