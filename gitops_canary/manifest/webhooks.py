"""The webhooks of a Canary: their fields, how they are read, and how a policy holds them."""

from collections.abc import Iterator
from typing import Any

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.fields import Field, Status, Type
from gitops_canary.manifest.forms import FORMS
from gitops_canary.manifest.scalars import Json
from gitops_canary.model.spec import Policy
from gitops_canary.model.webhooks import HookType, Webhook

AT = "analysis.webhooks"
TYPES = tuple(one.value for one in HookType)
TIMEOUT_MS = 10_000
RETRIES_MAX = 10
WEBHOOKS_MAX = 20
_TIMEOUT_MAX_MS = 3_600_000


def _field(path: str, type_: Type, why: str, **rest: object) -> Field:
    return Field(path=f"{AT}[].{path}", type=type_, status=Status.HONOURED, why=why, **rest)  # type: ignore[arg-type]  # the rows below name the rest


def webhook_fields(*, own: bool) -> Iterator[Field]:
    """List the fields of one webhook; our own dialect names one of the operator's."""
    yield _field("name", Type.WORD, "what it is called in reports")
    yield _field(
        "type", Type.TEXT, "when it is called; rollout where absent",
        choices=TYPES if own else ("", *TYPES),
    )  # fmt: skip
    if own:
        yield _field("webhook", Type.NAME, "name of a webhook in controller.yaml")
        yield _field(
            "path", Type.WORD, "path below its url; none where absent",
            pattern=FORMS["path"].pattern, form=FORMS["path"].words,
        )  # fmt: skip
    else:
        yield _field("url", Type.URL, "where it is called; must be allowed")
    yield _field(
        "timeout", Type.DURATION, "time one attempt may take; 10s where absent",
        low=100, high=_TIMEOUT_MAX_MS,
    )  # fmt: skip
    yield _field(
        "retries", Type.WHOLE, "attempts after one without an answer, or with a 5xx",
        low=0, high=RETRIES_MAX,
    )  # fmt: skip
    yield _field("muteAlert", Type.FLAG, "tell nobody that it refuses")
    yield _field("metadata.*", Type.TEXT, "sent along")
    if not own:
        yield Field(
            path=f"{AT}[].disableTLS", type=Type.FLAG, status=Status.REFUSED,
            root=f"{AT}[].disableTLS", harmless=False,
            why="certificates are always verified; caFile in controller.yaml names an authority",
        )  # fmt: skip


def read_webhooks(doc: Checked) -> tuple[Webhook, ...]:
    """Read `analysis.webhooks`; what is wrong is noted in `doc`.

    An operator who does without them has none called, and that is noted too.
    """
    if doc.has(AT) and AT in doc.allowed:
        doc.deferred[AT] = None
        return ()
    found: list[Webhook] = []
    for path in doc.items(AT):
        name = doc.text(f"{path}.name")
        kind = doc.text(f"{path}.type") or HookType.ROLLOUT.value
        target = _target(doc, path)
        if name is None or target is None or kind not in TYPES:
            continue
        if any((one.name, one.type.value) == (name, kind) for one in found):
            doc.complain(f"{path}.name", "is used twice", "give each webhook its own name")
        found.append(
            Webhook(
                name=name,
                type=HookType(kind),
                target=target,
                timeout_ms=doc.whole(f"{path}.timeout") or TIMEOUT_MS,
                retries=doc.whole(f"{path}.retries") or 0,
                metadata=tuple(sorted(doc.texts(f"{path}.metadata").items())),
                muted=doc.flag(f"{path}.muteAlert"),
            )
        )
    return tuple(found)


def _target(doc: Checked, path: str) -> str | None:
    """Give the URL, or the name and the path below it."""
    if doc.has(f"{path}.url"):
        return doc.text(f"{path}.url")
    name = doc.text(f"{path}.webhook")
    return name and name + (doc.text(f"{path}.path") or "")


def webhooks_json(policy: Policy) -> dict[str, Json]:
    """Give the webhooks of a policy; the digest of one without any does not know of them."""
    if not policy.webhooks:
        return {}
    rows: list[Json] = [
        {
            "name": hook.name,
            "type": hook.type.value,
            "target": hook.target,
            "timeoutMs": hook.timeout_ms,
            "retries": hook.retries,
            "metadata": dict(hook.metadata),
            "muted": hook.muted,
        }
        for hook in policy.webhooks
    ]
    return {"webhooks": rows}


def webhooks_from(value: dict[str, Any]) -> tuple[Webhook, ...]:
    """Read what `webhooks_json` wrote.

    Raises:
        KeyError, ValueError: it is not that.
    """
    return tuple(
        Webhook(
            name=row["name"],
            type=HookType(row["type"]),
            target=row["target"],
            timeout_ms=row["timeoutMs"],
            retries=row["retries"],
            metadata=tuple(sorted(row["metadata"].items())),
            muted=row["muted"],
        )
        for row in value.get("webhooks", ())
    )
