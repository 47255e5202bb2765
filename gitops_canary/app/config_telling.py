"""The `webhooks` and `notifiers` of controller.yaml: what fits together, and as settings."""

from collections.abc import Iterator

from gitops_canary.app import config_models as models
from gitops_canary.model.addresses import on_this_machine
from gitops_canary.settings import NotifierSettings, WebhookSettings

Loc = tuple[str | int, ...]


def telling_problems(document: models.Document) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    for name, hook in document.webhooks.items():
        yield from _webhook(("webhooks", name), hook)
    for name, notifier in document.notifiers.items():
        yield from _notifier(("notifiers", name), notifier)


def _webhook(here: Loc, one: models.Webhook) -> Iterator[tuple[Loc, str, str]]:
    if one.token_file and one.url.startswith("http:") and not on_this_machine(one.url):
        yield (*here, "url"), "would carry a token unencrypted", "use https with tokenFile"


def _notifier(here: Loc, one: models.Notifier) -> Iterator[tuple[Loc, str, str]]:
    if one.type == "matrix" and not (one.token_file and one.channel.startswith("!")):
        yield here, "has no room or no token", "give channel: '!room:server' and tokenFile"
    if one.token_file and one.type not in {"matrix", "slack"}:
        yield (*here, "tokenFile"), f"is not for type {one.type}", "remove it"


def one_notifier(one: models.Notifier) -> NotifierSettings:
    """Give one entry as settings."""
    return NotifierSettings(
        type=one.type,
        address_file=one.address_file,
        token_file=one.token_file,
        channel=one.channel,
        username=one.username,
        ca_file=one.ca_file,
        timeout_ms=one.timeout,
        providers=frozenset(one.providers),
    )


def one_webhook(one: models.Webhook) -> WebhookSettings:
    """Give one entry as settings."""
    return WebhookSettings(
        url=one.url,
        addresses=frozenset(one.addresses),
        timeout_ms=one.timeout,
        secret_file=one.secret_file,
        token_file=one.token_file,
        ca_file=one.ca_file,
    )
