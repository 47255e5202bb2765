"""The composition root: the one place that names adapters."""

import hashlib
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from gitops_canary import __version__
from gitops_canary.app.announcing import Announcer
from gitops_canary.app.backoff import Backoff
from gitops_canary.app.beginnings import Beginner
from gitops_canary.app.checkpointing import Checkpoint, FileShelf
from gitops_canary.app.config import load
from gitops_canary.app.controller import Round
from gitops_canary.app.delivery_wiring import delivering
from gitops_canary.app.guarding import Memory
from gitops_canary.app.hastening import Hastener
from gitops_canary.app.hooking import WAIT_S, Hooking
from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.noticing import Noticer
from gitops_canary.app.outage import Outage
from gitops_canary.app.outside import Outside, client
from gitops_canary.app.places import beside, placed
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.retelling import Heard, Retelling
from gitops_canary.app.tick import Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.app.worker import Worker
from gitops_canary.errors import ConfigError
from gitops_canary.forge import FORGES
from gitops_canary.git.branches import Branches
from gitops_canary.git.repository import Repository
from gitops_canary.metrics import Sources
from gitops_canary.model.names import Revision
from gitops_canary.ports import Engine, Forge, Git, Metrics
from gitops_canary.routing import ROUTERS
from gitops_canary.settings import (
    Evidence,
    ForgeSettings,
    RepositorySettings,
    Settings,
    SyncSettings,
)
from gitops_canary.sync import ENGINES, SYNC, Closing, Contains, Later, Options


@asynccontextmanager
async def opened(
    config: Path,
    *,
    keeps: bool,
    stays: bool = False,
    allow_missing: frozenset[str] = frozenset(),
) -> AsyncIterator[list[Round]]:
    """Open every repository of a controller.yaml; closed again at the end.

    With `keeps` the clones stay for the next time, else they live in a folder that goes. A process
    that `stays` hears a slow webhook at a later look; one that looks once waits for it.

    Raises:
        ConfigError: controller.yaml is invalid.
    """
    settings = load(config)
    async with AsyncExitStack() as stack:
        sources = Sources({name: client(one) for name, one in settings.sources.items()})
        stack.push_async_callback(sources.aclose)
        outside = Outside(settings)
        stack.push_async_callback(outside.aclose)
        rounds = []
        for one in settings.repositories:
            directory = stack.enter_context(placed(one, keeps=keeps))
            memory = Memory(beside(one, "history"), writes=keeps)
            hooking = Hooking(hooks=outside.caller, wait_s=WAIT_S if stays else None)
            stack.push_async_callback(hooking.aclose)
            rules = _rules(settings, one, outside, allow_missing)
            station = _station(settings, one, directory, sources, rules, memory, hooking)
            stack.callback(station.close)
            for source in station.measuring.sync:
                if isinstance(source, Closing):
                    stack.push_async_callback(source.aclose)
            engines = _engines(settings)
            for _, engine in engines:
                stack.push_async_callback(engine.aclose)
            retelling = _retelling(one, station, stays=stays)
            kept = None if stays else beside(one, "said")
            announcer = Announcer(outside, retelling if keeps else None, kept)
            rounds.append(_round(settings, one, station, engines, announcer))
        yield rounds


def _round(
    settings: Settings,
    one: RepositorySettings,
    station: Station,
    engines: Sequence[tuple[SyncSettings, Engine]],
    announcer: Announcer,
) -> Round:
    return Round(
        station=station,
        poll_ms=one.poll_ms,
        url=one.url,
        branch=one.branch,
        noticer=_noticer(one.forge, settings.evidence) if one.forge else None,
        announcer=announcer,
        hastener=Hastener([engine for sync, engine in engines if sync.refresh]),
        outage=Outage(
            station.reader.router, [engine for _, engine in engines], beside(one, "exposed")
        ),
    )


def _retelling(one: RepositorySettings, station: Station, *, stays: bool) -> Retelling:
    async def message(revision: Revision) -> str:
        return await station.worker.do(lambda: station.git.commit(revision).message)

    return Retelling(message, Heard(beside(one, "told")), stays=stays)


def _station(
    settings: Settings,
    one: RepositorySettings,
    directory: Path,
    metrics: Metrics,
    rules: Rules,
    memory: Memory,
    hooking: Hooking,
) -> Station:
    git, worker = _repository(settings, one, directory), Worker()
    budget = Budget(one.pushes_per_minute)
    # What sync sources saw lies beside the clone that stays, and is lost with it.
    seen = Options(
        memory=beside(one, "seen"),
        writes=memory.writes,
        contains=_ancestry(git, worker),
        later=_later(git, worker),
    )
    return Station(
        name=one.name,
        git=git,
        reader=Reader(git, rules, ROUTERS, sift=git),
        beginner=Beginner(store=git, rules=rules) if one.initialise else None,
        witness=git.witness if one.forge_commits else None,
        measuring=_measuring(settings, metrics, seen, landed=one.delivery is not None),
        worker=worker,
        budget=budget,
        delivering=delivering(settings, one, git, worker, budget),
        hooking=hooking,
        evidence=settings.evidence is Evidence.BRANCH,
        time=Timekeeper(server=lambda: git.clock_ms),
        branch=one.branch,
        memory=memory,
        checkpoint=_checkpoint(one, git) if memory.writes else Checkpoint(),
        wait=Backoff(f"{socket.gethostname()} {os.getpid()} {one.name}").wait,
    )


def _checkpoint(one: RepositorySettings, git: Repository) -> Checkpoint:
    """Say where a restart finds how far the history was read."""
    if one.forge_commits or one.delivery:
        # A seal may come later than the commit it makes ours, and a merge dates what it brings.
        return Checkpoint()
    keys = git.witness.ownership.digest
    mark = f"{__version__} {one.url} {one.branch} {keys}"
    return Checkpoint(FileShelf(beside(one, "moves")), hashlib.sha256(mark.encode()).hexdigest())


def _rules(
    settings: Settings, one: RepositorySettings, outside: Outside, allow_missing: frozenset[str]
) -> Rules:
    return Rules(
        paths=one.paths,
        default_provider=one.default_provider,
        allow_missing=one.allow_missing | allow_missing,
        allows=lambda name, url: name in settings.sources and settings.sources[name].allows(url),
        counts=lambda name: (
            name not in settings.sources or settings.sources[name].type == "prometheus"
        ),
        calls=outside.caller.allows,
        notifies=outside.notifiers.knows,
    )


def _engines(settings: Settings) -> list[tuple[SyncSettings, Engine]]:
    """Open the engines that can be asked to look at Git."""
    return [
        (one, ENGINES[one.type.value](options(one)))
        for one in settings.sync
        if one.type.value in ENGINES
    ]


def _noticer(one: ForgeSettings, evidence: Evidence) -> Noticer:
    return Noticer(_forge(one), evidence=evidence is Evidence.BRANCH)


def _forge(one: ForgeSettings) -> Forge:
    return FORGES[one.type](one.url, one.repository, one.token_file)


def one_forge(config: Path) -> Forge:
    """Give the one forge of a controller.yaml.

    Raises:
        ConfigError: the file is invalid, or has none, or several.
    """
    found = [one.forge for one in load(config).repositories if one.forge]
    if len(found) != 1:
        raise ConfigError(
            f"{config} names {len(found)} forges.",
            remedy="give the one repository whose pull request is told a forge",
        )
    return _forge(found[0])


def _ancestry(git: Git, worker: Worker) -> Contains:
    async def contains(revision: Revision, wanted: Revision) -> bool:
        return await worker.do(lambda: git.contains(revision, wanted))

    return contains


def _later(git: Branches, worker: Worker) -> Later:
    async def later(revision: Revision) -> Sequence[Revision]:
        return await worker.do(lambda: git.later(revision))

    return later


def _measuring(settings: Settings, metrics: Metrics, seen: Options, *, landed: bool) -> Measuring:
    sources = settings.sources.values()
    timing = Timing(
        scrape_ms=max(source.scrape_ms for source in sources),
        lag_ms=max(source.lag_ms for source in sources),
        scrape_timeout_ms=max(source.scrape_timeout_ms for source in sources),
        landed=landed,
    )
    return Measuring(
        metrics=metrics,
        sync=[
            SYNC[one.type.value](
                replace(
                    options(one),
                    scrape_ms=timing.scrape_ms,
                    lag_ms=timing.lag_ms,
                    scrape_timeout_ms=timing.scrape_timeout_ms,
                    contains=seen.contains,
                    later=seen.later,
                    memory=seen.memory,
                    writes=seen.writes,
                )
            )
            for one in settings.sync
        ],
        timing=timing,
        settle_ms=max(one.settle_ms for one in settings.sync),
        source=next((n for n, one in settings.sources.items() if one.type == "prometheus"), ""),
    )


def options(one: SyncSettings) -> Options:
    """Say how a sync source is reached."""
    return Options(
        source=one.source,
        delay_ms=one.delay_ms,
        url=one.url,
        token_file=one.token_file,
        ca_file=one.ca_file,
        timeout_ms=one.timeout_ms,
        applications=one.applications,
        repository=one.repository,
        contexts=one.contexts,
    )


def _repository(settings: Settings, one: RepositorySettings, directory: Path) -> Branches:
    signing = settings.signing
    trusted = "\n".join(path.read_text() for path in signing.trusted_keys) if signing else ""
    return Branches(
        url=one.url,
        branch=one.branch,
        directory=directory,
        name=settings.identity.name,
        email=settings.identity.email,
        username=one.username,
        password_file=one.password_file,
        signing_key=signing.key_file if signing else None,
        trusted_keys=trusted or None,
        ca_file=one.ca_file,
        ssh_key=one.ssh_key_file,
        known_hosts=one.known_hosts_file,
        allow_file=one.allow_file,
        lean=one.lean,
        # settings.py lets plain http through to this machine only.
        allow_http=True,
    )
