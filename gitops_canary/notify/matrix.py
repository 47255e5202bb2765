"""Matrix: a notice into one room; its address is the homeserver's, its channel the room's id.

Source: spec.matrix.org, client-server API, `PUT .../send/{eventType}/{txnId}`.
"""

import hashlib
import json
from urllib.parse import quote

from gitops_canary.http import Request, Secrets
from gitops_canary.model.announcement import Announcement
from gitops_canary.notify.sending import Place


def message(told: Announcement, place: Place, secrets: Secrets) -> Request:
    """Write a plain notice; the transaction's id makes telling it twice the same as once."""
    name = hashlib.sha256(told.key.encode()).hexdigest()[:32]
    said = {"msgtype": "m.notice", "body": f"{told.name}.{told.namespace}: {told.sentence}"}
    room = quote(place.channel, safe="")
    return Request(
        method="PUT",
        path=f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{name}",
        headers=secrets.standard,
        content=json.dumps(said).encode(),
    )
