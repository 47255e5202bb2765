"""Seeing in Flux that a move is live.

A Kustomization's last applied revision has to *contain* our commit; then each owned object is held
against what it shall be by itself. Fields as Flux 2.3 to 2.7 document them
(`kustomize.toolkit.fluxcd.io/v1`, `status.lastAppliedRevision`, `status.inventory`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops_canary.core.text import one_line
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.ports import Metrics
from gitops_canary.sync.api import Api
from gitops_canary.sync.cluster import live_facts, overseen, things
from gitops_canary.sync.fact import Fact
from gitops_canary.sync.kubernetes import Cluster
from gitops_canary.sync.live_object import mapping, maps
from gitops_canary.sync.options import Contains
from gitops_canary.sync.owners import Key, Kind, Owners
from gitops_canary.sync.revisions import commits, holding

API_VERSION = "kustomize.toolkit.fluxcd.io/v1"
Kustomization = Mapping[str, Any]


class Flux:
    """Reads Kustomizations and owned objects from the Kubernetes API, and never writes."""

    def __init__(self, api: Api, *, contains: Contains, timeout_ms: int) -> None:
        self._api = api
        self._cluster = Cluster(api)
        self._contains = contains
        self._timeout_ms = timeout_ms

    async def observe(
        self,
        expected: Sequence[Expectation],
        metrics: Metrics,  # noqa: ARG002 - the port's shape
        now_ms: int,  # noqa: ARG002 - the cluster's own times count
    ) -> Mapping[Expectation, Liveness]:
        """Tell for each move since when Flux has applied it."""
        return await overseen(expected, lambda: owners(self._api), self._look, self._timeout_ms)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _look(self, expected: Expectation, known: Owners) -> Sequence[Fact]:
        mine = [known.one(thing) for thing in things(expected)]
        facts = []
        for one in {id(one): one for one in mine}.values():
            held = await holding(self._contains, revisions(one), expected.revision)
            facts.append(applied(one, held, expected.since_ms))
        missing = [fact for fact in facts if fact.at_ms is None]
        if missing:
            return missing
        return [*facts, *await live_facts(expected, self._cluster.show)]


async def owners(api: Api) -> Owners:
    """List the Kustomizations of all namespaces.

    Raises:
        NoAnswer: they could not be read.
    """
    found = (await api.get(f"/apis/{API_VERSION}/kustomizations")).get("items")
    return Owners(KIND, maps(found))


def name_of(one: Kustomization) -> str:
    """Give a Kustomization's namespace and name."""
    metadata = mapping(one.get("metadata"))
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"


def keys_of(one: Kustomization) -> Iterator[Key]:
    """List the objects of a Kustomization; an id is `namespace_name_group_kind`."""
    for entry in maps(mapping(mapping(one.get("status")).get("inventory")).get("entries")):
        where, *what = str(entry.get("id")).rsplit("_", 2)
        space, mark, name = where.partition("_")
        if mark and len(what) == 2:  # noqa: PLR2004 - group and kind
            yield what[0], what[1], space, name


KIND = Kind(words="Kustomization of Flux", name_of=name_of, keys_of=keys_of)


def revisions(one: Kustomization) -> frozenset[Revision]:
    """List the Git commits a Kustomization has applied or tried."""
    status = mapping(one.get("status"))
    return commits([status.get("lastAppliedRevision"), status.get("lastAttemptedRevision")])


def applied(one: Kustomization, held: frozenset[Revision], since_ms: int) -> Fact:
    """Tell whether what a Kustomization applied last contains the move.

    When it was applied is told by the objects themselves, so this counts from the commit on.
    """
    name, status = one_line(name_of(one)), mapping(one.get("status"))
    now = commits([status.get("lastAppliedRevision")])
    if now & held:
        return Fact(since_ms, f"Flux has applied {min(now)[:12]} in {name}.")
    tried = commits([status.get("lastAttemptedRevision")])
    if tried & held:
        ready = next((c for c in maps(status.get("conditions")) if c.get("type") == "Ready"), {})
        why = one_line(str(ready.get("message", "no message")))[:200]
        return Fact(None, f"Kustomization {name} tried {min(tried)[:12]}: {why}")
    told = one_line(str(status.get("lastAppliedRevision", "none")))[:60]
    if not now:
        return Fact(None, f"Kustomization {name} is at {told}, which is no Git commit of ours")
    why = ", and is suspended" if mapping(one.get("spec")).get("suspend") is True else ""
    return Fact(None, f"Kustomization {name} is at {min(now)[:12]}, without this commit{why}")
