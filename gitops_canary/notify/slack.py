"""Slack's messages, by a hook or a bot's token; Rocket.Chat takes the same, Discord below /slack.

Sources: api.slack.com, "Sending messages using incoming webhooks", `chat.postMessage` and
"Secondary attachments"; docs.rocket.chat, "Integrations"; discord.com/developers, "Execute
Slack-compatible webhook".
"""

import json
from dataclasses import replace

from gitops_canary.http import Request, Secrets
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.notify.sending import Place

_COLORS = {Severity.INFO: "good", Severity.WARN: "warning", Severity.ERROR: "danger"}


def message(told: Announcement, place: Place, secrets: Secrets) -> Request:
    """Write a message with one attachment; foreign text in it is escaped."""
    fields = (("Canary", told.canary), ("Weight", f"{told.weight} %"), ("Version", told.version))
    attachment = {
        "color": _COLORS[told.severity],
        "author_name": escaped(f"{told.name}.{told.namespace}"),
        "text": escaped(told.sentence),
        "fallback": escaped(told.sentence),
        "mrkdwn_in": [],
        "fields": [
            {"title": title, "value": escaped(value), "short": title != "Version"}
            for title, value in fields
        ],
    }
    said: dict[str, object] = {"username": place.username, "attachments": [attachment]}
    if place.channel:
        said["channel"] = place.channel
    token = secrets.get("token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Request(method="POST", path="", headers=headers, content=json.dumps(said).encode())


def discord(told: Announcement, place: Place, secrets: Secrets) -> Request:
    """Write the same for Discord, which takes it below `/slack`."""
    return replace(message(told, place, secrets), path="/slack")


def escaped(text: str) -> str:
    """Write text so that nothing in it mentions anybody or links anywhere.

    >>> escaped("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
