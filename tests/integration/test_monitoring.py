"""Alerts and dashboard over the controller's figures, as Prometheus' own tool evaluates them."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

MONITORING = Path(__file__).resolve().parents[2] / "manifests" / "monitoring"
RULES = MONITORING / "rules.yaml"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
AT = 'repository="config",canary="prod/shop"'
SERIES = (
    f"gitops_canary_attention{{{AT}}}",
    f'gitops_canary_check_value{{{AT},check="request-success-rate"}}',
    'gitops_canary_last_look_timestamp_seconds{repository="config"}',
    'gitops_canary_look_duration_seconds_bucket{repository="config",le="0.5"}',
    'gitops_canary_look_duration_seconds_bucket{repository="config",le="+Inf"}',
    'gitops_canary_looks_total{repository="config",outcome="ok"}',
    f'gitops_canary_moves_total{{{AT},action="advance"}}',
    f'gitops_canary_state{{{AT},state="Waits"}}',
    f"gitops_canary_step{{{AT}}}",
    f"gitops_canary_weight_ratio{{{AT}}}",
)
CASES = {
    "a canary waits for a person": (
        f"gitops_canary_attention{{{AT}}}", "1x20", "10m", "CanaryNeedsAPerson", 1,
    ),
    "a canary goes on by itself": (
        f"gitops_canary_attention{{{AT}}}", "1x3 0x20", "10m", "CanaryNeedsAPerson", 0,
    ),
    "no look goes well": (
        'gitops_canary_last_look_timestamp_seconds{repository="config"}', "0x20", "11m",
        "CanaryRepositoryNotLookedAt", 1,
    ),
    "looks go well": (
        'gitops_canary_last_look_timestamp_seconds{repository="config"}', "0+60x20", "11m",
        "CanaryRepositoryNotLookedAt", 0,
    ),
    "the controller is gone": (
        'gitops_canary_build_info{version="1"}', "1x3 stale", "10m", "CanaryControllerGone", 1,
    ),
    "the controller runs": (
        'gitops_canary_build_info{version="1"}', "1x20", "10m", "CanaryControllerGone", 0,
    ),
    "a bug": (
        'gitops_canary_looks_total{repository="config",outcome="bug"}', "0x2 1x20", "5m",
        "CanaryControllerBug", 1,
    ),
    "a rollback": (
        f'gitops_canary_moves_total{{{AT},action="abort"}}', "0x2 1x20", "5m", "CanaryRolledBack",
        1,
    ),
    "an advance": (
        f'gitops_canary_moves_total{{{AT},action="advance"}}', "0x2 1x20", "5m", "CanaryRolledBack",
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_alert_fires_where_it_should_and_only_there(
    tmp_path: Path, case: tuple[str, str, str, str, int]
) -> None:
    series, values, at, alert, fires = case
    firing = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
    evaluate(tmp_path, {series: values}, {f"count({firing}) or vector(0)": fires}, at)


def test_every_panel_of_the_dashboard_has_something_to_draw(tmp_path: Path) -> None:
    exprs = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    chosen = {"$repository": "config", "$canary": "prod/shop|prod/other"}
    for name, value in chosen.items():
        exprs = [expr.replace(name, value) for expr in exprs]
    series = {one: "1x20" if "_state{" in one else "0+1x20" for one in SERIES}
    evaluate(tmp_path, series, {f"count({e}) > bool 0": 1 for e in exprs})


def test_every_figure_of_the_dashboard_is_in_the_reference() -> None:
    told = (MONITORING.parents[1] / "docs/reference/own-metrics.md").read_text()
    found = set(re.findall(r"gitops_canary_[a-z_]+", json.dumps(DASHBOARD)))
    assert len(found) > 6
    for name in found:
        assert f"`{name.removesuffix('_bucket')}`" in told, name


def evaluate(
    folder: Path, series: Mapping[str, str], wanted: Mapping[str, int], at: str = "10m"
) -> None:
    """Let promtool work expressions out, a minute a sample."""
    expressions = [
        {"expr": expr, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for expr, value in wanted.items()
    ]
    given = [{"series": name, "values": values} for name, values in series.items()]
    one = {"interval": "1m", "input_series": given, "promql_expr_test": expressions}
    test = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [one]}
    file = folder / "test.yaml"
    file.write_text(json.dumps(test))
    ran = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
