"""Asking a metric source about the past, and judging it by a Canary's policy."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_canary.app.config import load
from gitops_canary.app.wiring import client
from gitops_canary.core.backtest import Backtest, backtest
from gitops_canary.core.judge import judge
from gitops_canary.core.questions import longest_window_ms, questions
from gitops_canary.errors import SpecError, Unavailable
from gitops_canary.manifest.catalog import headers
from gitops_canary.manifest.document import parse, text_of
from gitops_canary.manifest.spec_file import (
    DEFERRABLE,
    is_canary,
    is_template,
    read_canary,
    templates,
)
from gitops_canary.metrics import Sources
from gitops_canary.model.names import Path as Name
from gitops_canary.model.observation import Verdict
from gitops_canary.model.spec import CanarySpec

LOOKS_MAX = 50_000
_CHUNK = 400
"""Looks asked for at once: more make answers that are too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Which days, and whose."""

    from_ms: int
    to_ms: int
    workload: str | None = None
    """Who stands in for the canary; its primary where absent."""


def run(canary: Path, config: Path, past: Past) -> tuple[CanarySpec, Backtest]:
    """Backtest the one Canary of a file.

    Raises:
        SpecError: the file has no usable Canary, or the days do not fit it.
        ConfigError: controller.yaml is invalid.
        Unavailable: the metric source did not answer at all.
    """
    spec = _stood_in(_read(canary), past)
    instants = _instants(spec, past)
    verdicts = asyncio.run(_judge(spec, config, instants))
    return spec, backtest(spec.policy, verdicts)


def _read(path: Path) -> CanarySpec:
    try:
        text = text_of(path.read_bytes(), file=str(path))
    except OSError as error:
        raise SpecError(
            f"{path} cannot be read: {error.strerror}.", remedy="name a file with a Canary"
        ) from error
    nodes = parse(text, file=str(path))
    found = [
        (ref, node)
        for ref in headers(text, file=Name(str(path)))
        if (node := nodes[ref.index]) is not None
    ]
    lookup = templates((r, n) for r, n in found if is_template(r.api_version, r.kind))
    canaries = [(r, n) for r, n in found if is_canary(r.api_version, r.kind)]
    if len(canaries) != 1:
        raise SpecError(
            f"{path} has {len(canaries)} Canaries.",
            remedy="name a file with one, its MetricTemplates beside it",
        )
    return read_canary(
        canaries[0][1], file=str(path), templates=lookup, allow_missing=DEFERRABLE,
        default_provider="istio",
    )  # fmt: skip


def _stood_in(spec: CanarySpec, past: Past) -> CanarySpec:
    name = past.workload or f"{spec.target.name}-primary"
    return replace(spec, target=replace(spec.target, name=name))


def _instants(spec: CanarySpec, past: Past) -> tuple[int, ...]:
    first = past.from_ms + longest_window_ms(spec.policy)
    every = range(first, past.to_ms + 1, spec.policy.interval_ms)
    if not 0 < len(every) <= LOOKS_MAX:
        raise SpecError(
            f"From there to there are {len(every)} looks.",
            remedy=f"choose days with 1 to {LOOKS_MAX} intervals of the analysis",
        )
    return tuple(every)


async def _judge(spec: CanarySpec, config: Path, instants: Sequence[int]) -> list[Verdict]:
    settings = load(config)
    sources = Sources({name: client(one) for name, one in settings.sources.items()})
    scrape_ms = max(one.scrape_ms for one in settings.sources.values())
    verdicts: list[Verdict] = []
    try:
        for start in range(0, len(instants), _CHUNK):
            part = instants[start : start + _CHUNK]
            asked = questions(spec.policy, spec, part, scrape_ms=scrape_ms)
            answers = await sources.ask(asked)
            errors = [one.error for one in answers.values() if one.error]
            if errors and len(errors) == len(answers):
                raise Unavailable(
                    f"{errors[0]}.", remedy="correct the source in controller.yaml, or ask later"
                )
            verdicts += (
                judge(spec.policy, spec, answers, part, at, scrape_ms=scrape_ms) for at in part
            )
    finally:
        await sources.aclose()
    return verdicts
