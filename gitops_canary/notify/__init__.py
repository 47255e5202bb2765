"""Where people are told: one line here for each kind, one file for each shape of message."""

from collections.abc import Mapping

from gitops_canary.notify import gchat, matrix, msteams, slack
from gitops_canary.notify.sending import ADDRESS, UNKNOWN, Notifiers, Place, Shape

NOTIFIERS: Mapping[str, Shape] = {
    "discord": slack.discord,
    "gchat": gchat.message,
    "matrix": matrix.message,
    "msteams": msteams.message,
    "rocket": slack.message,
    "slack": slack.message,
}
"""`type` of a notifier in controller.yaml to what it is sent; Flagger's names, and matrix."""

__all__ = ["ADDRESS", "NOTIFIERS", "UNKNOWN", "Notifiers", "Place"]
