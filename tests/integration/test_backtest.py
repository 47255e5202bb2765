"""A policy over past days, on a real Prometheus."""

import asyncio
import json
import pathlib
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from prometheus_server import Written, prometheus
from typer.testing import CliRunner

from gitops_canary.app.doctor import Finding, Health
from gitops_canary.app.doctor_limits import beside_last_week
from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.cli import application
from gitops_canary.core.past import Backtest, Range
from gitops_canary.manifest import spec_file
from gitops_canary.manifest.document import parse
from gitops_canary.metrics import METRICS, Opening, Sources
from gitops_canary.model.spec import CanarySpec

T = 1_770_000_000_000
SCRAPE = 15_000
CANARY = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: shop, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  service: {port: 80}
  analysis:
    interval: 1m
    threshold: 2
    stepWeights: [10, 50]
    metrics:
      - name: request-success-rate
        thresholdRange: {min: 99}
"""
CONFIG = """\
repositories:
  - {name: config, url: "https://git.example/config.git", branch: main, paths: [apps/]}
metrics:
  sources: {default: {type: prometheus, url: "URL"}}
sync: {type: none, delay: 1s}
"""


def world() -> Iterator[Written]:
    """Four hours, in which one of a thousand fails; for ten minutes of them 3 % fail."""
    bad = 0.0
    samples: dict[str, list[tuple[int, float]]] = {"200": [], "503": []}
    for i in range(960):
        at = T + i * SCRAPE
        bad += 30 if 400 <= i < 440 else 1
        samples["200"].append((at, i * 1000 - bad))
        samples["503"].append((at, bad))
    for code, values in samples.items():
        labels = {
            "destination_workload_namespace": "prod", "destination_workload": "shop-primary",
            "reporter": "destination", "response_code": code,
        }  # fmt: skip
        yield Written("istio_requests_total", labels, values)


def row_worst(row: dict[str, Any]) -> str:
    """The least value of all."""
    return str(min((value for _, value in row["values"]), key=float))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), world()) as base:
        yield base


def test_bad_ten_minutes_are_found_and_a_limit_suggested(url: str, tmp_path: pathlib.Path) -> None:
    canary, config, page = (tmp_path / name for name in ("canary.yaml", "c.yaml", "page.html"))
    canary.write_text(CANARY)
    config.write_text(CONFIG.replace("URL", url))
    command = ["backtest", "--canary", str(canary), "--config", str(config), "--html", str(page),
               "--from", "2026-02-02T02:42:00Z", "--to", "2026-02-02T06:39:00Z",
               "-o", "json"]  # fmt: skip
    ended = CliRunner().invoke(application(), command)
    assert ended.exit_code == 0, ended.output
    [row] = json.loads(ended.stdout)
    assert (row["rollouts"]["begun"], len(row["rollouts"]["stopped"])) == (236, 10)
    assert (row["looks"], row["silent"], row["failed"]) == (237, 0, 10)
    # The hour of the incident is no norm, so the limit stays, and no other hour broke it.
    assert row["suggested"] == "keep it"
    assert row["leftOut"] == [
        {"from": "2026-02-02T04:00:00Z", "to": "2026-02-02T05:00:00Z", "worst": row_worst(row)}
    ]
    assert row["rollouts"]["onNormalDays"] == {"begun": 175, "stopped": 0, "held": 0}
    assert "Of the 175 on normal days it is 0." in ended.stderr
    assert "request-success-rate without 2026-02-02 04:00 to 05:00 (at its wo" in ended.stderr
    assert "By threshold, of 236 rollouts of shop, begun every 1m, 10 (4.23 %)" in ended.stderr
    assert "rolled back. " in ended.stderr
    assert "They began: 2026-02-02T04:2" in ended.stderr
    text = page.read_text()
    assert "<svg" in text
    assert not re.search(r"https?:|<script|src=", text)
    # The limit is drawn, and one stroke for the ten in a row that would have been stopped.
    assert (text.count('class="limit"'), text.count('path class="fail"')) == (1, 1)
    assert text.count('rect class="odd"') == 1
    assert 'header class="open"' in text


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (["--workload", "shp"], "Nothing was measured of shp in 237 looks: "),
        (["--html", "/nowhere/page.html"], "/nowhere/page.html cannot be written"),
    ],
)
def test_quiet_is_not_said_of_what_was_not_heard(
    url: str, tmp_path: pathlib.Path, more: list[str], problem: str
) -> None:
    canary, config = (tmp_path / name for name in ("canary.yaml", "c.yaml"))
    canary.write_text(CANARY)
    config.write_text(CONFIG.replace("URL", url))
    command = ["backtest", "--canary", str(canary), "--config", str(config), *more,
               "--from", "2026-02-02T02:42:00Z", "--to", "2026-02-02T06:39:00Z"]  # fmt: skip
    ended = CliRunner().invoke(application(), command)
    assert ended.exit_code != 0
    assert problem in ended.stderr


@pytest.mark.parametrize(
    ("begin", "end", "problem"),
    [
        ("2026-02-03", "2026-02-02", "--to is no later than --from"),
        ("2026-02-02T00:00:00Z", "2026-02-02T00:00:30Z", "not one look: each looks back 1m"),
        ("2025-02-02", "2026-02-02", "525600 looks, one every 1m; 50000 are the most"),
        ("yesterday", "2026-02-02", "--from 'yesterday' is no instant"),
    ],
)
def test_odd_days_are_refused(tmp_path: pathlib.Path, begin: str, end: str, problem: str) -> None:
    (tmp_path / "canary.yaml").write_text(CANARY)
    command = ["backtest", "--canary", str(tmp_path / "canary.yaml"), "--from", begin, "--to", end]
    ended = CliRunner().invoke(application(), command)
    assert (ended.exit_code, problem in ended.stderr) == (2, True), ended.stderr


@pytest.mark.parametrize("name", ['a"} or vector(1)#', "", "Shop", "a/b"])
def test_a_name_that_no_workload_can_have_is_refused(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "canary.yaml").write_text(CANARY)
    command = ["backtest", "--canary", str(tmp_path / "canary.yaml"), "--from", "2026-02-01",
               "--to", "2026-02-02", "--workload", name]  # fmt: skip
    ended = CliRunner().invoke(application(), command)
    assert ended.exit_code == 2, ended.stderr
    assert f"--workload {name!r} is no name that a workload can have" in ended.stderr


def test_days_that_are_not_over_are_refused() -> None:
    command = ["backtest", "--canary", "c", "--from", "2026-02-02", "--to", "9999-12-31"]
    ended = CliRunner().invoke(application(), command)
    assert (ended.exit_code, "'9999-12-31' is not over yet" in ended.stderr) == (2, True)


OWN = CANARY.replace("flagger.app/v1beta1", "gitops-canary.dev/v1alpha1").replace(
    "  service: {port: 80}\n", ""
)


@pytest.mark.parametrize(
    ("judge", "metric", "least", "most"),
    [
        # Five minutes each; those that overlap the bad ten minutes are stopped, and no others.
        ("{type: sequential}", "", 2, 4),
        ("{type: conditions}", ", failureLimit: 1, count: 3", 2, 6),
        ("{type: conditions}", ", failureLimit: 3, count: 3", 0, 0),
    ],
)
def test_every_judge_goes_through_past_rollouts(
    url: str, tmp_path: pathlib.Path, judge: str, metric: str, least: int, most: int
) -> None:
    canary, config = tmp_path / "canary.yaml", tmp_path / "c.yaml"
    text = OWN.replace("threshold: 2", f"threshold: 2\n    judge: {judge}")
    text = text.replace("- name: request-success-rate", "- {name: request-success-rate")
    text = text.replace(
        "\n        thresholdRange: {min: 99}", f", thresholdRange: {{min: 99}}{metric}}}"
    )
    canary.write_text(text)
    config.write_text(CONFIG.replace("URL", url))
    command = ["backtest", "--canary", str(canary), "--config", str(config),
               "--from", "2026-02-02T02:42:00Z", "--to", "2026-02-02T06:39:00Z"]  # fmt: skip
    ended = CliRunner().invoke(application(), command)
    assert ended.exit_code == 0, ended.output
    found = re.search(
        r"of (\d+) (?:rollouts|weights) of shop, begun every \w+, (\d+)", ended.stderr
    )
    assert found, ended.stderr
    assert int(found[1]) > 40
    assert least <= int(found[2]) <= most, ended.stderr
    assert "nothing was heard" not in ended.stderr


def read(text: str) -> CanarySpec:
    [node] = parse(text, file="canary.yaml")
    assert node is not None
    none = spec_file.templates([])
    return spec_file.read_canary(node, file="canary.yaml", templates=none)


def now(value: str | None, suggested: str | None) -> Range:
    """The last looks, of which some may have failed."""
    number = None if value is None else Decimal(value)
    return Range(
        check="request-success-rate", limit=">= 99", looks=30, failed=3 if suggested else 0,
        silent=0, middle=number, worst=number, least=Decimal(99), most=None, suggested=suggested,
        values=() if number is None else ((T, number),),
    )  # fmt: skip


def test_a_limit_that_normal_days_break_is_told(url: str) -> None:
    """What `doctor` asks: the week before an instant, of which the source knows four hours."""
    text = CANARY.replace("min: 99", "min: 99.95")
    # A limit that the incident alone broke is as fine as one that nothing broke.
    tight, fine = (read(one) for one in (text, CANARY))

    async def ask(spec: CanarySpec, now: Range) -> list[Finding]:
        opening = Opening(url=url, timeout_ms=20_000)
        sources = Sources({"default": METRICS["prometheus"](opening)})
        timing = Timing(scrape_ms=SCRAPE, lag_ms=0)
        measuring = Measuring(metrics=sources, sync=[], timing=timing, settle_ms=0)
        try:
            seen = Backtest(begun=0, stopped=(), ranges=(now,))
            return await beside_last_week(spec, measuring, T + 4 * 3_600_000, seen, {})
        finally:
            await sources.aclose()

    well, ill = now("99.9", None), now("97", ">= 96.7")
    _, told = asyncio.run(ask(tight, well))
    assert told.what.startswith("request-success-rate has the limit >= 99.95, but 47 of ")
    assert "without 2026-02-02 04:00 to 05:00 (at its worst 97" in told.what
    assert told.remedy.startswith(">= 99.8")
    [found] = asyncio.run(ask(fine, well))
    assert found.health is Health.OK
    # What is broken now is one finding: too tight as ever, or an incident that goes on.
    [found] = asyncio.run(ask(tight, ill))
    assert found.remedy.startswith(">= 99.8")
    [found] = asyncio.run(ask(fine, ill))
    assert found.remedy.startswith("the limit was kept on last week's normal days (without 2026-02")
    [found] = asyncio.run(ask(fine, now(None, None)))
    assert "no data of the primary" in found.what
