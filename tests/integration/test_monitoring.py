"""The alerts over the controller's own figures, as Prometheus' own tool evaluates them."""

import json
import subprocess
from pathlib import Path

import pytest

RULES = Path(__file__).resolve().parents[2] / "manifests" / "monitoring" / "rules.yaml"
AT = 'repository="config",canary="prod/shop"'
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
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series, "values": values}],
                "promql_expr_test": [
                    {
                        "expr": f"count({firing}) or vector(0)",
                        "eval_time": at,
                        "exp_samples": [{"labels": "{}", "value": fires}],
                    }
                ],
            }
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(json.dumps(test))
    ran = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
