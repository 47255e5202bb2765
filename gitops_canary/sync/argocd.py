"""Seeing in Argo CD that a move is live.

An Application's revision has to *contain* our commit, each owned object has to be synced, and each
is then held against what it shall be by itself: another object of the same Application that is
degraded never stands in the way. Fields as Argo CD 2.10 to 3.2 document them (`ApplicationStatus`).
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops_canary.core.text import iso, one_line
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.ports import Metrics
from gitops_canary.sync.api import Api, NoAnswer
from gitops_canary.sync.cluster import live_facts, overseen, things
from gitops_canary.sync.fact import Fact
from gitops_canary.sync.live_object import Thing, instant_ms, mapping, maps, part
from gitops_canary.sync.options import Contains
from gitops_canary.sync.owners import Key, Kind, Owners
from gitops_canary.sync.revisions import commits, holding

App = Mapping[str, Any]
_IDENTITY = ("group", "kind", "namespace", "name")
_SKEW_MS = 60_000
"""How far Argo CD's clock may be behind."""


class ArgoCd:
    """Reads Applications and their live objects from Argo CD's API, and never writes.

    Args:
        contains: tells whether a revision contains another one.
        names: Applications to look at; empty is all that the token may see.
    """

    def __init__(
        self, api: Api, *, contains: Contains, names: Sequence[str], timeout_ms: int
    ) -> None:
        self._api = api
        self._contains = contains
        self._names = names
        self._timeout_ms = timeout_ms

    async def observe(
        self,
        expected: Sequence[Expectation],
        metrics: Metrics,  # noqa: ARG002 - the port's shape
        now_ms: int,  # noqa: ARG002 - Argo CD's own times count
    ) -> Mapping[Expectation, Liveness]:
        """Tell for each move since when Argo CD has applied it."""
        return await overseen(
            expected, lambda: owners(self._api, self._names), self._look, self._timeout_ms
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _look(self, expected: Expectation, known: Owners) -> Sequence[Fact]:
        apps = {thing: known.one(thing) for thing in things(expected)}
        facts = []
        for app in {id(app): app for app in apps.values()}.values():
            asked = revisions(app, expected.since_ms)
            held = await holding(self._contains, asked, expected.revision)
            mine = [thing for thing, of in apps.items() if of is app]
            facts.append(applied(app, mine, held, expected.since_ms))
        missing = [fact for fact in facts if fact.at_ms is None]
        if missing:
            return missing
        applied_ms = max((f.at_ms for f in facts if f.at_ms is not None), default=None)

        async def show(thing: Thing) -> Mapping[str, Any]:
            return await self._show(apps[thing], thing)

        return [*facts, *await live_facts(expected, show, applied_ms=applied_ms)]

    async def _show(self, app: App, thing: Thing) -> Mapping[str, Any]:
        query = {
            "namespace": thing.namespace,
            "resourceName": thing.name,
            "group": thing.group,
            "version": thing.version,
            "kind": thing.kind,
        }
        if space := mapping(app.get("metadata")).get("namespace"):
            query["appNamespace"] = str(space)
        answer = await self._api.get(f"/api/v1/applications/{part(name_of(app))}/resource", query)
        try:
            live = json.loads(str(answer.get("manifest")))
        except (ValueError, RecursionError):
            live = None
        if not isinstance(live, dict):
            raise NoAnswer(f"Argo CD shows no manifest of {thing}: look at its repo server")
        return live


async def owners(api: Api, names: Sequence[str]) -> Owners:
    """List the Applications of these names, or without names all that the token may see.

    Raises:
        NoAnswer: they could not be read.
    """
    if names:
        paths = [f"/api/v1/applications/{part(name)}" for name in names]
        return Owners(KIND, await asyncio.gather(*(api.get(path) for path in paths)))
    return Owners(KIND, maps((await api.get("/api/v1/applications")).get("items")))


def name_of(app: App) -> str:
    """Give an Application's name."""
    return str(mapping(app.get("metadata")).get("name", ""))


def keys_of(app: App) -> Iterator[Key]:
    """List the objects of an Application."""
    for one in maps(mapping(app.get("status")).get("resources")):
        group, kind, space, name = (str(one.get(key) or "") for key in _IDENTITY)
        yield group, kind, space, name


KIND = Kind(words="Application of Argo CD", name_of=name_of, keys_of=keys_of)


def revisions(app: App, since_ms: int) -> frozenset[Revision]:
    """List the Git commits an Application says it has, or had applied since an instant.

    What it had applied a minute before a commit was made cannot contain it, and is not asked about:
    each question may cost a process.
    """
    status = mapping(app.get("status"))
    late = [
        entry
        for entry in maps(status.get("history"))
        if (instant_ms(entry.get("deployedAt")) or 0) >= since_ms - _SKEW_MS
    ]
    return commits(
        [
            *_named(mapping(status.get("sync"))),
            *(name for entry in late for name in _named(entry)),
        ]
    )


def applied(app: App, mine: Sequence[Thing], held: frozenset[Revision], since_ms: int) -> Fact:
    """Tell when an Application first applied a revision that contains the move.

    `held` are those of its revisions that contain it. A move that changed nothing in this
    Application leaves no history entry; then it counts from the commit on.
    """
    name, status = one_line(name_of(app)), mapping(app.get("status"))
    now = commits(_named(mapping(status.get("sync"))))
    if not now:
        told = one_line(str(mapping(status.get("sync")).get("revision", "none")))[:60]
        return Fact(None, f"Application {name} is at {told}, which is no Git commit of ours")
    operation = mapping(status.get("operationState"))
    if not now & held:
        why = _trouble(operation)
        return Fact(None, f"Application {name} is at {min(now)[:12]}, without this commit{why}")
    if operation.get("phase") == "Running":
        return Fact(None, f"Application {name} is being synced")
    for thing in mine:
        told = str(mapping(_resource(app, thing)).get("status", "Unknown"))
        if told != "Synced":
            return Fact(
                None, f"{thing} is {one_line(told)[:40]} in {name}{_idle(app)}{_trouble(operation)}"
            )
    times = [
        at_ms
        for entry in maps(status.get("history"))
        if commits(_named(entry)) & held and (at_ms := instant_ms(entry.get("deployedAt")))
    ]
    at_ms = max(since_ms, min(times, default=since_ms))
    return Fact(at_ms, f"Argo CD applied {min(now & held)[:12]} in {name} at {iso(at_ms)}.")


def automated(app: App) -> App | None:
    """Give how an Application syncs by itself; None where it does not (`enabled` is of 3.1)."""
    policy = mapping(mapping(app.get("spec")).get("syncPolicy")).get("automated")
    if policy is None or mapping(policy).get("enabled") is False:
        return None
    return mapping(policy)


def _idle(app: App) -> str:
    return "" if automated(app) is not None else ", which is not synced by itself"


def _trouble(operation: Mapping[str, Any]) -> str:
    if operation.get("phase") not in {"Failed", "Error"}:
        return ""
    return f" (its last sync failed: {one_line(str(operation.get('message', '')))[:200]})"


def _resource(app: App, thing: Thing) -> Mapping[str, Any] | None:
    for one in maps(mapping(app.get("status")).get("resources")):
        seen = tuple(str(one.get(key) or "") for key in _IDENTITY)
        if seen == (thing.group, thing.kind, thing.namespace, thing.name):
            return one
    return None


def _named(entry: Mapping[str, Any]) -> Iterator[object]:
    """List the revisions an entry names; Applications with several sources have a list."""
    yield entry.get("revision")
    several = entry.get("revisions")
    yield from several if isinstance(several, list) else ()
