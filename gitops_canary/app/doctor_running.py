"""What `doctor` asks of everything controller.yaml names: Git, forge, metrics, sync engines."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from gitops_canary.app.config import load
from gitops_canary.app.controller import Round
from gitops_canary.app.doctor import Finding, fine, hint, wrong
from gitops_canary.app.doctor_limits import limits
from gitops_canary.app.doctor_live import engines
from gitops_canary.app.doctor_manifests import CHECKS
from gitops_canary.app.doctor_record import record
from gitops_canary.app.doctor_rules import branch_rules
from gitops_canary.app.doctor_subject import Subject, subject
from gitops_canary.app.outside import notifier, webhook
from gitops_canary.app.wiring import opened
from gitops_canary.core.clocks import APART_MS, NEAR_MS
from gitops_canary.core.message import MARK
from gitops_canary.core.text import duration, iso
from gitops_canary.errors import CanaryError, ConfigError, Unavailable
from gitops_canary.forge import RULES
from gitops_canary.git.pgp_signing import load_signer
from gitops_canary.git.process import client_version
from gitops_canary.git.signing import SigningKey
from gitops_canary.http import Failed, secrets_of
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Question
from gitops_canary.ports import Metrics
from gitops_canary.settings import (
    RepositorySettings,
    Settings,
    SourceSettings,
)

GIT_LEAST = (2, 36)
"""The first git with `cat-file --batch-command`."""
"""Differences of clocks that are told, and that are wrong; headers count whole seconds."""
_TIMED_OUT_MS = 1_000
"""How far above its timeout the duration of a scrape that timed out may be."""


@runtime_checkable
class Rehearsing(Protocol):
    """A Git that can ask whether it may push."""

    def rehearse(self) -> int | None:
        """Ask, without pushing; what the server's clock said. CanaryError where it may not."""


async def examine(config: Path) -> list[Finding]:
    """Examine everything that a controller.yaml names; nothing is changed anywhere.

    Raises:
        ConfigError: controller.yaml is invalid.
    """
    settings = load(config)
    found = [*_client(), *_signing(settings)]
    async with opened(config, keeps=False) as rounds:
        found += _outside(settings)
        found += [one async for one in _sources(settings, rounds[0].station.measuring.metrics)]
        for one, round_ in zip(settings.repositories, rounds, strict=True):
            found += [finding async for finding in _repository(settings, one, round_)]
    return found


def _client() -> Iterator[Finding]:
    try:
        told = client_version()
    except CanaryError as error:
        yield wrong("git", "git", error)
        return
    numbers = told.removeprefix("git ").split(".")[:2]
    version = tuple(int(part) for part in numbers if part.isdigit())
    if version < GIT_LEAST:
        remedy = f"install git {'.'.join(map(str, GIT_LEAST))} or newer"
        yield wrong("git", "git", Unavailable(f"{told} is too old.", remedy=remedy))
    else:
        yield fine("git", "git", told)


def _signing(settings: Settings) -> Iterator[Finding]:
    signing = settings.signing
    if signing is None:
        who = f"{settings.identity.name} <{settings.identity.email}>"
        yield hint(
            "signing", who, "commits are not signed: anybody can write this committer's name",
            "make a key (docs/tutorial/first-rollout.md, step 3) and name it in `signing`",
        )  # fmt: skip
        return
    try:
        key = load_signer(signing.key_file)
        key.sign(b"doctor", 0)
        name = key.public_line if isinstance(key, SigningKey) else f"OpenPGP {key.fingerprint}"
        key.close()
    except ConfigError as error:
        yield wrong("signing", str(signing.key_file), error)
        return
    trusted = f", {len(signing.trusted_keys)} files of trusted keys" if signing.trusted_keys else ""
    yield fine("signing", str(signing.key_file), f"signs as {name}{trusted}")


async def _sources(settings: Settings, metrics: Metrics) -> AsyncIterator[Finding]:
    for name, one in settings.sources.items():
        if one.type != "prometheus":
            yield hint("metrics", name, f"{one.type} is asked only what Canaries ask, see `limits`")
            continue
        now_ms = _now_ms()
        question = Question(
            source=name, expression="max(timestamp(up))", start_ms=now_ms, end_ms=now_ms
        )
        answer = (await metrics.ask([question]))[question]
        if answer.error:
            error = Unavailable(
                f"{answer.error}.", remedy=f"correct metrics.sources.{name} in controller.yaml"
            )
            yield wrong("metrics", name, error)
            continue
        yield _clock(f"metric source {name}", answer.clock_ms, now_ms)
        async for finding in _scrapes(name, one, metrics, now_ms):
            yield finding
        if not answer.series:
            yield hint(
                "metrics", name, "it has no series `up`, so the age of samples is not known",
                "nothing, where samples are pushed; else look at its targets",
            )  # fmt: skip
            continue
        age_ms = int(now_ms - float(answer.series[0].samples[-1].value) * 1000)
        late_ms = 2 * one.scrape_ms + one.lag_ms
        age = f"the newest sample is {duration(max(age_ms, 0))} old"
        if age_ms > late_ms:
            yield hint(
                "metrics", name,
                f"{age}, more than two scrapes and the lag ({duration(late_ms)})",
                "set scrapeInterval and lag as they are, or look at the targets",
            )  # fmt: skip
        else:
            yield fine("metrics", name, age)


async def _scrapes(
    name: str, one: SourceSettings, metrics: Metrics, now_ms: int
) -> AsyncIterator[Finding]:
    """Hold the slowest scrape of the last hour against how long a look waits for one.

    `scrape_duration_seconds` is written for every scrape, also for one that timed out.
    """
    question = Question(
        source=name,
        expression="max(max_over_time(scrape_duration_seconds[1h]))",
        start_ms=now_ms,
        end_ms=now_ms,
    )
    answer = (await metrics.ask([question]))[question]
    if answer.error or not answer.series:
        yield hint(
            "metrics", name,
            f"how long scrapes take is not known: {answer.error or 'no scrape_duration_seconds'}",
            f"hold scrapeTimeout, {duration(one.scrape_timeout_ms)}, against scrape_timeout there",
        )  # fmt: skip
        return
    longest_ms = round(float(answer.series[0].samples[-1].value) * 1000)
    took = f"the slowest scrape of the last hour took {duration(longest_ms)}"
    if longest_ms > one.scrape_timeout_ms + _TIMED_OUT_MS:
        late = ConfigError(
            f"{took}, and a look waits {duration(one.scrape_timeout_ms)} for one.",
            remedy=f"set metrics.sources.{name}.scrapeTimeout to the longest scrape_timeout there",
        )
        yield wrong("metrics", name, late)
    else:
        yield fine("metrics", name, f"{took}, of {duration(one.scrape_timeout_ms)} waited for")


def _outside(settings: Settings) -> Iterator[Finding]:
    """Look at what webhooks and notifiers are opened with; nobody is called or told."""
    called = {name: webhook(one) for name, one in settings.webhooks.items()}
    told = {name: notifier(one) for name, one in settings.notifiers.items()}
    for kind, every in (("webhook", called), ("notifier", told)):
        for name, opening in every.items():
            try:
                secrets_of(opening)
            except Failed as error:
                remedy = f"correct {kind}s.{name} in controller.yaml"
                yield wrong(kind, name, ConfigError(f"It {error}.", remedy=remedy))
            else:
                yield fine(kind, name, "its files can be read; nobody was called")


async def _repository(
    settings: Settings, one: RepositorySettings, round_: Round
) -> AsyncIterator[Finding]:
    station = round_.station
    try:
        tip, _ = await station.worker.do(station.git.fetch)
    except CanaryError as error:
        yield wrong("git", one.name, error)
        return
    yield fine("git", one.name, f"{one.branch} is at {tip[:12]}")
    async for finding in _writing(settings, one, round_):
        yield finding
    for finding in await station.worker.do(lambda: [*_record(one, round_, tip)]):
        yield finding
    seen = await station.worker.do(lambda: _subject(round_, tip))
    for finding in _manifests(seen):
        yield finding
    async for finding in limits(seen, station.measuring, _now_ms()):
        yield finding
    async for finding in engines(seen, settings, station.measuring, tip, _now_ms()):
        yield finding


def _manifests(seen: Subject) -> Iterator[Finding]:
    for name, check in CHECKS.items():
        if name != "workloads":
            yield from check(seen)


def _record(one: RepositorySettings, round_: Round, tip: Revision) -> Iterator[Finding]:
    if not one.forge_commits:  # what a forge wrote is ours by its seal alone
        yield from record(round_.station.git.history(tip, mentioning=MARK), one.branch)


async def _writing(
    settings: Settings, one: RepositorySettings, round_: Round
) -> AsyncIterator[Finding]:
    git = round_.station.git
    if isinstance(git, Rehearsing):
        try:
            clock_ms = await round_.station.worker.do(git.rehearse)
        except CanaryError as error:
            yield wrong("push", one.name, error)
        else:
            yield fine("push", one.name, _may(one))
            if clock_ms is not None:
                yield _clock(f"Git server of {one.name}", clock_ms, _now_ms())
    if one.forge is None or one.forge.type not in RULES:
        yield hint(
            "rules", one.name, "no forge is configured, so its rules for the branch are not seen",
            "let the controller's user past rules that demand pull requests or checks",
        )  # fmt: skip
        return
    forge = one.forge
    try:
        rules = await RULES[forge.type](forge.url, forge.repository, forge.token_file, one.branch)
    except CanaryError as error:
        yield wrong("rules", f"{forge.repository} {one.branch}", error)
        return
    for finding in branch_rules(
        rules,
        f"{forge.repository} {one.branch}",
        signs=bool(settings.signing),
        delivery=one.delivery,
    ):
        yield finding


def _may(one: RepositorySettings) -> str:
    """Say what a push without any change tells: the server runs no hook for one."""
    if one.delivery:
        return f"these credentials may push branches; moves reach {one.branch} by pull requests"
    return f"these credentials may push to {one.branch}, unless a hook of the server says no"


def _subject(round_: Round, tip: Revision) -> Subject:
    station = round_.station
    return subject(station.git, tip, station.reader.rules, configured=True)


def _clock(whose: str, clock_ms: int | None, now_ms: int) -> Finding:
    if clock_ms is None:
        return hint("clock", whose, "it does not say what time it is")
    apart = abs(clock_ms - now_ms)
    what = f"it says {iso(clock_ms)}, {duration(apart)} from this machine"
    if apart > APART_MS:
        error = Unavailable(
            f"{what}.", remedy="set the clocks by NTP: windows and dates rest on them"
        )
        return wrong("clock", whose, error)
    if apart > NEAR_MS:
        return hint("clock", whose, what, "set the clocks by NTP")
    return fine("clock", whose, what)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
