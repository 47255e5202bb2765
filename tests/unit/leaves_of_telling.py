"""What becomes of each field of webhooks and alerts in a Flagger Canary."""

from dataclasses import replace
from typing import Any

from canary_texts import analysis

from gitops_canary.model.announcement import Alert, Severity
from gitops_canary.model.webhooks import HookType

TELLING: dict[str, tuple[dict[str, Any], Any, Any]] = {
    **{
        f"analysis.webhooks[].{key}": (
            {"analysis": analysis(webhooks=[{"name": "gate", "url": "http://g/", key: said}])},
            lambda s, attribute=attribute: getattr(s.policy.webhooks[0], attribute),
            read_as,
        )
        for key, said, attribute, read_as in (
            ("name", "load", "name", "load"),
            ("type", "pre-rollout", "type", HookType.PRE_ROLLOUT),
            ("url", "http://g/gate/check", "target", "http://g/gate/check"),
            ("timeout", "1m30s", "timeout_ms", 90_000),
            ("retries", 3, "retries", 3),
            ("muteAlert", True, "muted", True),
        )
    },
    **{
        f"analysis.alerts[].{path}": (
            {"analysis": analysis(alerts=[{"name": "a", "providerRef": {"name": "p"}, **said}])},
            lambda s: s.alerts[0],
            replace(Alert(name="a", notifier="prod/p"), **expected),
        )
        for path, said, expected in (
            ("name", {"name": "b"}, {"name": "b"}),
            ("severity", {"severity": "warn"}, {"severity": Severity.WARN}),
            ("providerRef.name", {}, {}),
            (
                "providerRef.namespace",
                {"providerRef": {"name": "p", "namespace": "ops"}},
                {"notifier": "ops/p"},
            ),
        )
    },
    "analysis.webhooks[].metadata.*": (
        {"analysis": analysis(webhooks=[{"name": "g", "url": "http://g", "metadata": {"a": "b"}}])},
        lambda s: s.policy.webhooks[0].metadata,
        (("a", "b"),),
    ),
}
"""By path: what a document says, where it is read, and as what."""
