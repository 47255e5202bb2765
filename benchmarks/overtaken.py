"""How soon an instant can be asked for, and whether its answer changes later; on a real Prometheus.

    python benchmarks/overtaken.py [SECONDS]

Four targets are read every 3 s with a timeout of 2 s; two of them answer at once, one takes 0.8 s
and one anything up to 1.9 s. Instants are asked for as early as `core/overtaken` says that nothing
is under way (at least 0.3 s after them), and once more 6 s later. Decision 36 rests on it.
"""

import asyncio
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from gitops_canary.core import overtaken
from gitops_canary.errors import Place
from gitops_canary.http import Opening
from gitops_canary.lab import prometheus as lab
from gitops_canary.lab.children import Children
from gitops_canary.metrics.prometheus import Prometheus
from gitops_canary.model.names import CanaryId, Digest
from gitops_canary.model.observation import Question
from gitops_canary.model.spec import (
    CanarySpec,
    Check,
    Control,
    Dialect,
    Limits,
    Policy,
    Workload,
)

SCRAPE_MS, TIMEOUT_MS, LAG_MS, LATER_MS = 3_000, 2_000, 300, 6_000
EVERY_S = 0.1
TAKES_S = ((0.0, 0.0), (0.0, 0.0), (0.8, 0.8), (0.0, 1.9))
METRIC = "istio_requests_total"


def target(takes_s: tuple[float, float]) -> ThreadingHTTPServer:
    """Serve a counter that grows by the millisecond, read when the answer is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(random.uniform(*takes_s))  # noqa: S311 - how slow a target is
            labels = (
                'destination_workload_namespace="prod",destination_workload="shop",'
                'reporter="destination",response_code="200"'
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{METRIC}{{{labels}}} {time.time_ns() // 10**6}\n".encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def config(targets: list[str]) -> dict[str, object]:
    """Let Prometheus read the targets."""
    times = {"scrape_interval": f"{SCRAPE_MS}ms", "scrape_timeout": f"{TIMEOUT_MS}ms"}
    job = {"job_name": "mesh", "static_configs": [{"targets": targets}]}
    return {"global": times, "scrape_configs": [job]}


def canary() -> CanarySpec:
    """Give a Canary with one builtin check."""
    check = Check(
        name="errors", source="default", builtin="request-success-rate", query="",
        interval_ms=SCRAPE_MS, limits=Limits(),
    )  # fmt: skip
    policy = Policy(
        steps=(), interval_ms=SCRAPE_MS, threshold=1, checks=(check,), progress_deadline_ms=1,
        skip_analysis=False, digest=Digest("sha256:0"),
    )  # fmt: skip
    return CanarySpec(
        id=CanaryId("prod/shop"), dialect=Dialect.OWN, place=Place("canary.yaml"),
        namespace="prod", name="shop", apex="shop", provider="istio", policy=policy,
        target=Workload(api_version="apps/v1", kind="Deployment", namespace="prod", name="shop"),
        control=Control(), suspend=False,
    )  # fmt: skip


@dataclass
class Tally:
    """Answers that were used, and how many of them were another one later."""

    asked: list[tuple[int, str]] = field(default_factory=list)
    again: int = 0
    changed: int = 0

    async def ask_again(self, source: Prometheus, upto_ms: int) -> None:
        """Ask once more for what is old enough by now."""
        for row in [row for row in self.asked if row[0] <= upto_ms]:
            self.asked.remove(row)
            self.again += 1
            self.changed += row[1] != await counter(source, row[0])


async def counter(source: Prometheus, at_ms: int) -> str:
    """Ask as checks do: the newest samples of every series at an instant."""
    question = Question(
        source="default", expression=METRIC, start_ms=at_ms, end_ms=at_ms, step_ms=SCRAPE_MS,
        lookback_ms=2 * SCRAPE_MS,
    )  # fmt: skip
    return str((await source.ask([question]))[question].series)


async def watch(url: str, seconds: float) -> None:
    """Ask for an instant every tenth of a second as early as may be, and once more later."""
    source, spec = Prometheus(Opening(url=url, timeout_ms=5_000)), canary()
    early, rash, waited = Tally(), Tally(), list[int]()
    fresh: list[int] = []
    pending: list[int] = []
    end_ms = time.time_ns() // 10**6 + 1000 * seconds
    while (now_ms := time.time_ns() // 10**6) < end_ms + LATER_MS:
        fresh += [now_ms] if now_ms < end_ms else []
        asked = overtaken.questions(spec.policy, spec, now_ms, scrape_ms=SCRAPE_MS)
        over_ms = overtaken.over_ms(asked, await source.ask(asked), scrape_ms=SCRAPE_MS) or 0
        for one in [one for one in fresh if one <= now_ms - LAG_MS]:
            fresh.remove(one)
            pending.append(one)
            rash.asked.append((one, await counter(source, one)))
        for one in [one for one in pending if one <= over_ms]:
            pending.remove(one)
            waited.append(now_ms - one)
            early.asked.append((one, await counter(source, one)))
        for tally in (early, rash):
            await tally.ask_again(source, now_ms - LATER_MS)
        await asyncio.sleep(EVERY_S)
    await source.aclose()
    print(f"{len(waited)} instants were asked for {median(waited):.0f} ms after them (median)")
    print(f"and {max(waited)} ms at the most, instead of {TIMEOUT_MS + LAG_MS} ms for each")
    print(f"{early.changed} of {early.again} answers were another one later;")
    print(f"of those asked for {LAG_MS} ms after their instants, come what may, {rash.changed}")
    print(f"of {rash.again}")


def main() -> None:
    """Run it all."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    servers = [target(takes_s) for takes_s in TAKES_S]
    targets = [f"127.0.0.1:{one.server_address[1]}" for one in servers]
    with tempfile.TemporaryDirectory() as scratch, Children(Path(scratch)) as children:
        world = Path(scratch) / "prometheus"
        url = lab.Prometheus.configured(children, world, config(targets)).url
        time.sleep(3 * SCRAPE_MS / 1000)  # until every target has been read, begun or not
        asyncio.run(watch(url, seconds))


if __name__ == "__main__":
    main()
