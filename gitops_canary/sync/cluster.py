"""What a move looks like in a cluster, asked of whoever can show its objects."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.model.owned import DocRef
from gitops_canary.routing import ROUTERS
from gitops_canary.strategy import outfitted
from gitops_canary.sync.api import NoAnswer
from gitops_canary.sync.fact import Fact, joined, unknown
from gitops_canary.sync.live_object import Ready, Thing, rolled_out, selecting, weighs

T = TypeVar("T")
Show = Callable[[Thing], Awaitable[Mapping[str, Any]]]
"""Shows one live object; raises NoAnswer."""


def workloads(expected: Expectation) -> Iterator[tuple[Thing, Ready]]:
    """List the workloads whose readiness the move waits for."""
    sides = (
        (expected.canary_workload, expected.canary_images, expected.canary_replicas),
        (expected.primary_workload, expected.primary_images, expected.primary_replicas),
    )
    for name, images, replicas in sides:
        if images is not None or replicas is not None:
            thing = Thing("apps/v1", expected.workload_kind, expected.namespace, name)
            percent = expected.ready_percent
            yield thing, Ready(images=images, replicas=replicas, percent=percent)


def routes(expected: Expectation) -> Iterator[Thing]:
    """List the routing objects the move sets."""
    yield from routed(expected.routes, expected.namespace)


def routed(refs: Sequence[DocRef], namespace: str) -> Iterator[Thing]:
    """Give routing objects as they are named in a cluster."""
    for ref in refs:
        yield Thing(ref.api_version, ref.kind, ref.namespace or namespace, ref.name)


def things(expected: Expectation) -> tuple[Thing, ...]:
    """List every object of a move."""
    fronts = [front(expected)] if expected.selects else []
    return (*(thing for thing, _ in workloads(expected)), *routes(expected), *fronts)


def front(expected: Expectation) -> Thing:
    """Name the Service users call."""
    return Thing("v1", "Service", expected.namespace, expected.apex)


async def live_facts(
    expected: Expectation, show: Show, *, applied_ms: int | None = None
) -> Sequence[Fact]:
    """Hold every object of a move against what it shall be.

    Raises:
        NoAnswer: an object could not be shown.
    """
    ready = [
        rolled_out(await show(thing), thing, wanted, expected.since_ms)
        for thing, wanted in workloads(expected)
    ]
    router = ROUTERS[expected.provider]
    if expected.spec is not None:
        router = outfitted(router, expected.spec, live=True)
    weighed = [
        weighs(
            await show(thing),
            thing,
            expected.weight_to,
            router=router,
            apex=expected.apex,
            since_ms=expected.since_ms,
            applied_ms=applied_ms,
        )
        for thing in routes(expected)
    ]
    fronts = []
    if expected.selects:
        live, wanted = await show(front(expected)), expected.selects
        fact = selecting(
            live, front(expected), wanted, since_ms=expected.since_ms, applied_ms=applied_ms
        )
        fronts.append(fact)
    return [*ready, *weighed, *fronts]


async def overseen(
    expected: Sequence[Expectation],
    list_all: Callable[[], Coroutine[None, None, T]],
    look: Callable[[Expectation, T], Awaitable[Sequence[Fact]]],
    timeout_ms: int,
) -> Mapping[Expectation, Liveness]:
    """Look at every move with one list of what an engine has, asked for once in the same time."""
    listing = asyncio.create_task(list_all())

    async def one(expectation: Expectation) -> Sequence[Fact]:
        # Shielded, so that the list is one for all and no single look ends it.
        return await look(expectation, await asyncio.shield(listing))

    try:
        return await observed(expected, one, timeout_ms)
    finally:
        listing.cancel()
        await asyncio.gather(listing, return_exceptions=True)


async def observed(
    expected: Sequence[Expectation],
    look: Callable[[Expectation], Awaitable[Sequence[Fact]]],
    timeout_ms: int,
) -> Mapping[Expectation, Liveness]:
    """Look at every move at once, under one deadline; no answer is never live."""
    deadline = asyncio.get_running_loop().time() + timeout_ms / 1000

    async def one(expectation: Expectation) -> Liveness:
        try:
            async with asyncio.timeout_at(deadline):
                return joined(await look(expectation))
        except NoAnswer as error:
            return unknown(str(error))
        except TimeoutError:
            return unknown(f"no answer within {timeout_ms} ms: look at the server's load")

    found = await asyncio.gather(*(one(expectation) for expectation in expected))
    return dict(zip(expected, found, strict=True))
