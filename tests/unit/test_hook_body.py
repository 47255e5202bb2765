"""What webhooks are sent, field by field as Flagger's receivers read it.

Source: fluxcd/flagger, pkg/controller/scheduler_hooks.go, webhook.go; pkg/loadtester. A payload
has name, namespace, phase, checksum and a map of texts; gates go by `<name>.<namespace>`, tasks by
`metadata.type` and `metadata.cmd`.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from checks import spec

from gitops_canary.core.announce import told_body
from gitops_canary.core.hook_body import body
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.model.names import CanaryId, RolloutId
from gitops_canary.model.webhooks import Call, HookType, Webhook

TASK = (("cmd", "bats /tests/podinfo.bats"), ("logCmdOutput", "true"), ("type", "bash"))
FLAGGERS = ("name", "namespace", "phase", "checksum", "metadata")


def hook(kind: HookType) -> Webhook:
    return Webhook(name="gate", type=kind, target="gate", metadata=TASK)


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (HookType.CONFIRM_ROLLOUT, "Waiting"), (HookType.PRE_ROLLOUT, "Progressing"),
        (HookType.ROLLOUT, "Progressing"), (HookType.CONFIRM_TRAFFIC_INCREASE, "Progressing"),
        (HookType.CONFIRM_PROMOTION, "Progressing"), (HookType.ROLLBACK, "Progressing"),
    ],
)  # fmt: skip
def test_a_question_has_flaggers_fields(kind: HookType, phase: str) -> None:
    call = Call(
        hook=hook(kind), canary=CanaryId("prod/shop"), rollout=RolloutId("0123456789ab"),
        since_ms=0, step=1, at_ms=7,
    )  # fmt: skip
    sent = body(call, spec(), weight=Decimal("12.5"), version="shop:2")
    assert [sent[key] for key in FLAGGERS] == [
        "shop-rollout", "prod", phase, "0123456789ab", dict(TASK),
    ]  # fmt: skip
    assert (sent["type"], sent["weight"]) == (kind.value, "12.5")


TOLD = Announcement(
    canary=CanaryId("prod/shop"), namespace="prod", name="shop", rollout=RolloutId("0123456789ab"),
    event="abort", severity=Severity.ERROR, sentence="prod/shop: abort, weight 0 %.",
    phase="Failed", weight="0", version="shop:2", at_ms=1_770_000_000_123, ended=True,
)  # fmt: skip


def test_an_event_has_flaggers_three_over_what_the_document_says() -> None:
    own = Webhook(
        name="events", type=HookType.EVENT, target="events",
        metadata=(("environment", "test"), ("eventType", "mine")),
    )  # fmt: skip
    sent = told_body(TOLD, own)
    assert sent["metadata"] == {
        "environment": "test", "eventMessage": "prod/shop: abort, weight 0 %.",
        "eventType": "Warning", "timestamp": "1770000000123",
    }  # fmt: skip
    assert [sent[key] for key in FLAGGERS[:4]] == ["shop", "prod", "Failed", "0123456789ab"]
    fine = told_body(replace(TOLD, severity=Severity.INFO), own)["metadata"]
    assert isinstance(fine, dict)
    assert fine["eventType"] == "Normal"


def test_the_end_of_a_rollout_has_the_documents_metadata_alone() -> None:
    sent = told_body(TOLD, hook(HookType.POST_ROLLOUT))
    assert (sent["phase"], sent["metadata"]) == ("Failed", dict(TASK))
