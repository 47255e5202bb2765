"""Words for a webhook that was asked and has not answered: it is no silence until its time is over.

They are of a hold alone. A record has what was said about an instant, and of a question under way
nothing was.
"""

from collections.abc import Iterable
from dataclasses import replace

from gitops_canary.core.hooks import CHECKS, unasked
from gitops_canary.core.text import duration, iso
from gitops_canary.model.decision import Decision, Hold, Wait
from gitops_canary.model.webhooks import Call

_MEASURES = frozenset({Wait.WINDOW, Wait.DATA})


def underway(decision: Decision, calls: Iterable[Call]) -> Decision:
    """Say in a hold which checks are at work, and how long each may take."""
    if not isinstance(decision, Hold) or decision.wait not in _MEASURES:
        return decision
    reason = decision.reason
    for call in calls:
        if call.hook.type not in CHECKS:
            continue
        named = f"webhook {call.hook.name}"
        works = f"asked about {iso(call.at_ms)}, no answer yet; {_takes(call)}"
        said = [text for text in map(f"{named}: {{}}".format, unasked()) if text in reason]
        if said:
            reason = reason.replace(said[0], f"{named}: {works}")
        else:
            reason = f"{reason} The {named} was {works}."
    return replace(decision, reason=reason)


def _takes(call: Call) -> str:
    each = f"it may take {duration(call.hook.timeout_ms)}"
    if not call.hook.retries:
        return each
    tries = "1 more try" if call.hook.retries == 1 else f"{call.hook.retries} more tries"
    return f"{each}, and {tries}"
