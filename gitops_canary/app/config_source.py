"""The metric sources of controller.yaml: what fits together, and as settings."""

from collections.abc import Iterator

from gitops_canary.app import config_models as models
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.metrics import METRICS
from gitops_canary.model.addresses import on_this_machine
from gitops_canary.settings import SourceSettings

Loc = tuple[str | int, ...]


def source_problems(here: Loc, one: models.Source) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    basic = one.username is not None or one.password_file is not None
    if (one.username is None) != (one.password_file is None) or (one.token_file and basic):
        remedy = "give tokenFile alone, or username with passwordFile"
        yield here, "has credentials that do not fit together", remedy
    secret = one.token_file or basic or one.secret_files
    if secret and one.url.startswith("http:") and not on_this_machine(one.url):
        yield (*here, "url"), "would carry a secret unencrypted", "use https with credentials"
    name = str(here[-1])
    if name in METRICS and name != one.type:
        what = f"is asked by MetricTemplates of type {name}, and has another type"
        yield here, what, f"name it otherwise, or set type: {name}"
    yield from _secrets(here, one)
    yield from _options(here, one)


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


def one_source(one: models.Source) -> SourceSettings:
    """Give one source as settings."""
    return SourceSettings(
        type=one.type,
        url=one.url,
        scrape_ms=one.scrape_interval,
        lag_ms=one.lag,
        timeout_ms=one.timeout,
        addresses=frozenset(one.addresses),
        token_file=one.token_file,
        username=one.username,
        password_file=one.password_file,
        ca_file=one.ca_file,
        secret_files=dict(one.secret_files),
        options=dict(one.options),
    )
