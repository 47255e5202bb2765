"""Telling beforehand what will happen, in the order in which it does."""

from pathlib import Path

from routes import CASES

from gitops_canary.app.linting import findings

EXAMPLE = Path(__file__).resolve().parents[2] / "manifests" / "example"
CANARY = "apps/checkout/canary.yaml"


def told(folder: Path, old: str = "", new: str = "") -> list[str]:
    for path in EXAMPLE.rglob("*.yaml"):
        copy = folder / path.relative_to(EXAMPLE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    text = (folder / CANARY).read_text()
    assert old in text
    (folder / CANARY).write_text(text.replace(old, new))
    (one,) = findings(folder, default_provider="istio", allow_missing=frozenset())
    assert one.error is None, one.error
    return list(one.outlook)


def numbered(lines: list[str]) -> list[str]:
    return [line.split(". ", 1)[1].partition(":")[0] for line in lines if line.startswith("  ")]


def test_a_weighted_rollout_is_told_step_by_step(tmp_path: Path) -> None:
    lines = told(tmp_path)

    assert lines[0] == "prod/checkout drives Deployment checkout in prod."
    assert numbered(lines) == [
        "start", *(f"advance {step}/5" for step in range(1, 6)), "promote", "finish",
    ]  # fmt: skip
    assert "Each look asks: request-success-rate at least 99 % over 2s; " in "\n".join(lines)
    assert lines[-1] == "At the quickest: 10s from a ready canary to the end."


def test_blue_green_is_looked_at_before_it_has_traffic(tmp_path: Path) -> None:
    lines = told(tmp_path, "stepWeights: [5, 10, 25, 50, 100]", "iterations: 7")

    assert numbered(lines)[:3] == ["start", "Before any traffic", "advance 1/1"]
    assert "7 looks that pass, the first 2s later, one every 2s" in "\n".join(lines)
    assert lines[-1].startswith("At the quickest: 16s")


def test_without_analysis_there_is_nothing_to_ask(tmp_path: Path) -> None:
    lines = told(tmp_path, "  provider: istio", "  provider: istio\n  skipAnalysis: true")

    assert numbered(lines) == ["start", "No checks are made (skipAnalysis).", "promote", "finish"]
    assert "Each look" not in "\n".join(lines)


def test_a_sequential_judge_is_told_by_how_sure_it_has_to_be(tmp_path: Path) -> None:
    lines = told(tmp_path)
    own = (
        (tmp_path / CANARY)
        .read_text()
        .replace("flagger.app/v1beta1", "gitops-canary.dev/v1alpha1")
        .replace("  service:\n    port: 8080\n", "")
    )
    (tmp_path / CANARY).write_text(own)
    (one,) = findings(tmp_path, default_provider="istio", allow_missing=frozenset())

    assert one.error is None, one.error
    assert "the judge has to be sure, for 1m at the least" in "\n".join(one.outlook)
    assert one.outlook[-1].startswith("At the quickest: 5m")
    assert lines != list(one.outlook)


def test_a_check_that_can_never_be_asked_is_told(tmp_path: Path) -> None:
    told(tmp_path)
    route = CASES["openshift"].text.replace("shop", "checkout")
    (tmp_path / "apps/openshift.yaml").write_text(route)
    own = (
        (tmp_path / CANARY).read_text().replace("flagger.app/v1beta1", "gitops-canary.dev/v1alpha1")
    )
    own = own.replace("provider: istio", "provider: openshift")
    (tmp_path / CANARY).write_text(own.replace("  service:\n    port: 8080\n", ""))
    (one,) = findings(tmp_path, default_provider="istio", allow_missing=frozenset())

    assert one.error is None, one.error
    assert "1 of them can never be asked, so nothing would ever pass" in one.summary
    assert "no histogram" in one.outlook[-1]
    (never,) = one.never
    assert never.remedy


HOOKS = """\
    webhooks:
      - {name: smoke, url: http://ci/smoke}
      - {name: gate, type: confirm-promotion, url: http://ci/gate}
      - {name: panic, type: rollback, url: http://ci/panic}
"""


def test_webhooks_alone_are_told_as_what_is_judged(tmp_path: Path) -> None:
    text = (EXAMPLE / CANARY).read_text()
    metrics = text[text.index("    metrics:") :]
    lines = told(tmp_path, metrics, HOOKS)

    assert "Each look asks: the webhook smoke." in lines
    assert "Nothing is measured: what webhooks answer is all that is judged." in lines
    assert "Waited for before the promotion: the webhook gate." in lines
    assert "Asked once an interval whether to abort: the webhook panic." in lines
