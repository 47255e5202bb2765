"""`doctor` about Flagger's AlertProviders, and about documents that the settings do not allow."""

from pathlib import Path
from typing import Any

import pytest
from conftest import USERS
from console import Ended, config, example, run
from test_doctor import row

from gitops_canary.lab.origin import Origin

PROVIDER = """\
apiVersion: flagger.app/v1beta1
kind: AlertProvider
metadata: {name: NAME, namespace: prod}
spec: {type: slack, channel: general, WHERE}
"""
CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def doctor(origin: Origin, tmp_path: Path) -> Any:
    origin.commit(example(), "Begin\n")
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(USERS["bot"])

    def ask(**more: Any) -> Ended:
        file = config(tmp_path, origin.url, CLOSED, password=password, more=more)
        return run("doctor", "--config", file, "-o", "json")

    return ask


def test_an_alert_provider_is_told_what_stands_for_it(
    doctor: Any, origin: Origin, tmp_path: Path
) -> None:
    text = PROVIDER.replace("NAME", "open").replace("WHERE", "address: https://hooks.example/T/B/x")
    other = PROVIDER.replace("NAME", "on-call").replace("WHERE", "secretRef: {name: slack-url}")
    origin.commit({"apps/alerts.yaml": f"{text}---\n{other}".encode()}, "Alert\n")
    address = tmp_path / "address"
    address.touch(mode=0o600)
    address.write_text("https://hooks.example/T/B/x")
    ended = doctor()
    assert "lies in Git" in row(ended, "alerts", "open")["what"]
    assert row(ended, "alerts", "open")["subject"].startswith("apps/alerts.yaml:4:")
    hint = row(ended, "alerts", "on-call")
    assert hint["health"] == "hint"
    assert (
        'notifiers: {on-call: {type: "slack", addressFile: "/run/secrets/slack-url/address", '
        'channel: "general", providers: [prod/on-call]}}'
    ) in hint["remedy"]
    team = {"type": "slack", "addressFile": str(address), "providers": ["prod/on-call"]}
    assert row(doctor(notifiers={"team": team}), "alerts", "on-call")["health"] == "ok"


def test_what_the_settings_do_not_allow_is_no_canary_that_is_read(
    doctor: Any, origin: Origin
) -> None:
    assert row(doctor(), "canaries")["health"] == "ok"
    [(path, before)] = [
        (name, text) for name, text in example().items() if text and b"kind: Canary" in text
    ]
    alert = b"  analysis:\n    alerts: [{name: team, providerRef: {name: on-call}}]\n"
    origin.commit({path: before.replace(b"  analysis:\n", alert)}, "Alert\n")
    refused = row(doctor(), "canaries")
    assert refused["health"] == "wrong"
    assert "goes where the operator has no notifier: prod/on-call" in refused["what"]
