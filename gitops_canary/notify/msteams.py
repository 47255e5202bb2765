"""Microsoft Teams: an adaptive card, as its workflows take it.

Source: learn.microsoft.com/microsoftteams, "Create incoming webhooks with Workflows" and
adaptivecards.io; the older MessageCard of Flagger is at its end.
"""

import json

from gitops_canary.http import Request, Secrets
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.notify.sending import Place

_COLORS = {Severity.INFO: "good", Severity.WARN: "warning", Severity.ERROR: "attention"}


def message(told: Announcement, place: Place, secrets: Secrets) -> Request:
    """Write a card; its texts are plain runs, in which nothing is markup."""
    del place, secrets
    title = {
        "type": "RichTextBlock",
        "inlines": [
            {
                "type": "TextRun",
                "text": f"{told.name}.{told.namespace}",
                "weight": "bolder",
                "color": _COLORS[told.severity],
            }
        ],
    }
    text = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": told.sentence}]}
    facts = (("Canary", told.canary), ("Weight", f"{told.weight} %"), ("Version", told.version))
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": [
            title,
            text,
            {"type": "FactSet", "facts": [{"title": t, "value": plain(v)} for t, v in facts]},
        ],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    said = {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
    return Request(method="POST", path="", content=json.dumps(said).encode())


def plain(text: str) -> str:
    r"""Take the signs of markup out of their meaning; facts know Markdown.

    >>> plain("a_b [x](y)")
    'a\\_b \\[x\\](y)'
    """
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#" else sign for sign in text)
