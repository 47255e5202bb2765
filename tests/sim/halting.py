"""The person who answers a halt: takes the branch as it is, as the alert says."""

from collections.abc import Callable, Mapping
from typing import Protocol

from gitops_canary.app.tick import Report
from gitops_canary.errors import Halted
from gitops_canary.manifest import accepted
from gitops_canary.model.names import Revision

from .remote import CONFIG, Remote

PATIENCE_MS = 20_000


class World(Protocol):
    """What a person needs to act."""

    remote: Remote

    def later(self, span_ms: int, call: Callable[[], None]) -> None: ...
    def files(self, revision: Revision) -> Mapping[str, bytes]: ...
    def commit(self, files: Mapping[str, bytes | None], message: str) -> Revision: ...


def answer(report: Report, world: World) -> None:
    """Let a person accept what a controller halts for, a while later."""
    if isinstance(report.error, Halted) and report.error.lost:
        lost = Revision(report.error.lost)
        world.later(PATIENCE_MS, lambda: _accept(lost, world))


def _accept(lost: Revision, world: World) -> None:
    """Commit the line that accepts a loss, unless one holds, or what was lost is back."""
    tip = world.remote.refs.get(CONFIG)
    if tip is None or world.remote.contains(tip, lost):
        return
    text = world.files(tip).get(accepted.FILE, b"").decode()
    contains = world.remote.contains
    if not any(one.lost == lost and contains(tip, one.accepted) for one in accepted.parse(text)):
        one = accepted.Acceptance(accepted=tip, lost=lost)
        world.commit({accepted.FILE: accepted.add(text, one).encode()}, "Accept it\n")
