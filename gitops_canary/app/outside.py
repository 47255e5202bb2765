"""Metric sources, webhooks and notifiers as controller.yaml describes them."""

from collections.abc import Mapping

from gitops_canary.http import Opening
from gitops_canary.metrics import METRICS, Client
from gitops_canary.model.announcement import Announcement
from gitops_canary.model.webhooks import Webhook
from gitops_canary.notify import ADDRESS, NOTIFIERS, UNKNOWN, Notifiers, Place
from gitops_canary.settings import NotifierSettings, Settings, SourceSettings, WebhookSettings
from gitops_canary.webhooks import SIGNS, Caller, Target


class Outside:
    """Everybody outside who is asked or told; one for all repositories."""

    def __init__(self, settings: Settings) -> None:
        self.caller = Caller({name: _target(one) for name, one in settings.webhooks.items()})
        self.notifiers = Notifiers({name: _place(one) for name, one in settings.notifiers.items()})

    async def hear(self, hook: Webhook, key: str, body: Mapping[str, object]) -> str:
        """Tell a webhook; empty where it heard."""
        reply = await self.caller.send(hook, key, body)
        return "" if reply.passed else reply.why

    async def notify(self, notifier: str, told: Announcement) -> str:
        """Tell people by a notifier; empty where it arrived."""
        return await self.notifiers.notify(notifier, told)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.caller.aclose()


def client(one: SourceSettings) -> Client:
    """Make the client of one metric source."""
    return METRICS[one.type](
        Opening(
            url=one.url,
            timeout_ms=one.timeout_ms,
            token_file=one.token_file,
            username=one.username,
            password_file=one.password_file,
            ca_file=one.ca_file,
            secret_files=one.secret_files,
            options=one.options,
            headers=one.headers,
            header_files=one.header_files,
        )
    )


def webhook(one: WebhookSettings) -> Opening:
    """Say how a webhook is reached."""
    return Opening(
        url=one.url,
        timeout_ms=one.timeout_ms,
        token_file=one.token_file,
        ca_file=one.ca_file,
        secret_files={SIGNS: one.secret_file} if one.secret_file else {},
    )


def notifier(one: NotifierSettings) -> Opening:
    """Say how a notifier is reached; its address is one of its secrets."""
    return Opening(
        url=UNKNOWN,
        timeout_ms=one.timeout_ms,
        token_file=one.token_file,
        ca_file=one.ca_file,
        secret_files={ADDRESS: one.address_file},
    )


def _target(one: WebhookSettings) -> Target:
    return Target(opening=webhook(one), addresses=one.addresses)


def _place(one: NotifierSettings) -> Place:
    return Place(
        shape=NOTIFIERS[one.type],
        opening=notifier(one),
        channel=one.channel,
        username=one.username,
        providers=one.providers,
    )
