"""Google Chat: a text message.

Source: developers.google.com/workspace/chat, "Send messages using incoming webhooks".
"""

import json

from gitops_canary.http import Request, Secrets
from gitops_canary.model.announcement import Announcement
from gitops_canary.notify.sending import Place

_SIGNS = str.maketrans(dict.fromkeys("*_~`<>", " "))


def message(told: Announcement, place: Place, secrets: Secrets) -> Request:
    """Write a message; signs that would be markup, links or mentions are blanks in it."""
    del place, secrets
    title = f"{told.name}.{told.namespace}".translate(_SIGNS)
    text = f"*{title}*: {told.sentence.translate(_SIGNS)}"
    return Request(method="POST", path="", content=json.dumps({"text": text}).encode())
