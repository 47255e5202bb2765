"""No way through Git while a canary takes traffic: the host is away, or the repository halted."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gitops_canary.app.tick import Report
from gitops_canary.core.breakglass import Exposed, breakglass, page, without
from gitops_canary.errors import Halted, Unavailable
from gitops_canary.memory_file import remember, remembered
from gitops_canary.model import names
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Halt, Touched
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Engine, Router

PATIENCE_S = 60
"""Seconds it may last before a person is told."""


@dataclass(slots=True)
class Outage:
    """Remembers since when one repository is out of reach, and who was exposed when last seen.

    That is kept in a file too, where there is one, for `status` and the next start. Losing it only
    loses the commands: nothing is decided by it.
    """

    router: Callable[[CanarySpec], Router]
    """What drives a canary's routing objects, as its strategy uses them."""
    engines: Sequence[Engine] = ()
    memory: Path | None = None
    _since_s: float | None = None
    _told: bool = False
    _kept: Mapping[str, Any] | None = None
    _of: object = None
    """What the commands were made of."""

    async def note(self, report: Report, now_s: float) -> str:
        """Take a look's report in; the alarm where it is due, once an outage, else empty."""
        if report.error is None:
            self._keep(report)
        if not isinstance(report.error, Unavailable | Halted):
            self._since_s, self._told = None, False
            return ""
        if self._since_s is None:
            self._since_s = now_s
        if self._told or now_s - self._since_s < PATIENCE_S:
            return ""
        commands = await self.commands()
        self._told = bool(commands)
        if not commands:
            return ""
        away = isinstance(report.error, Unavailable)
        what = "Git has been out of reach" if away else "the controller has been halted"
        return f"{report.repository}: {what} for {PATIENCE_S} s.\n{commands}"

    async def commands(self) -> str:
        """Write what a person can type now, as things stood when last seen; empty if nothing."""
        kept = self._known()
        try:
            exposed = [_read(one) for one in kept.get("exposed", {}).values()]
            revision = str(kept.get("revision"))[:12]
        except (AttributeError, KeyError, TypeError):
            # Written by another version: as good as lost.
            return ""
        if not exposed:
            return ""
        halts = await self._halts([one.touched for one in exposed])
        return (
            "Canaries take traffic, and nothing can be rolled back through Git. By hand, if it has "
            f"to be (as commit {revision} says, the last one seen):\n"
            f"{page(list(zip(exposed, halts, strict=True)))}"
        )

    async def _halts(self, touched: Sequence[Touched]) -> Sequence[Halt | str]:
        """Ask every engine at once; why it is not known stands in where it is not."""
        if not self.engines:
            return ["no sync source asks the engine"] * len(touched)
        asked = (engine.halting(touched) for engine in self.engines)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Unavailable):
                raise answer
        why = next((a.problem for a in answers if isinstance(a, Unavailable)), "none has it")
        known = [answer for answer in answers if not isinstance(answer, BaseException)]
        found = [[halts[one.canary] for halts in known if one.canary in halts] for one in touched]
        return [_joined(halts) if halts else why for halts in found]

    def _keep(self, report: Report) -> None:
        """Keep who is exposed; of a canary that cannot be read just now, what was known."""
        before = self._known().get("exposed", {})
        unread = [c for c in report.decisions if c in before and c not in report.seen]
        # Most canaries are at rest at most looks: nothing is made for those.
        taking = [(c, one) for c, one in sorted(report.seen.items()) if one.tip.owned.weight]
        made_of = (
            report.tip,
            unread,
            [(c, one.situation.last, one.policy.digest) for c, one in taking],
        )
        if made_of == self._of:
            return
        found = {canary: before[canary] for canary in unread}
        exposed = [(c, one, self.router(one.spec.pinned(one.policy))) for c, one in taking]
        taken: Mapping[names.Path, str] = {}
        for _, one, router in exposed:
            taken = without(taken, one.spec, one.tip, one.situation.last, router)
        for canary, one, router in exposed:
            if told := breakglass(one.spec, one.tip, one.situation.last, router, taken):
                found[canary] = asdict(told)
        kept = {"revision": report.tip, "exposed": found} if found else {}
        if self.memory and kept != self._known():
            remember(self.memory, kept)
        self._kept, self._of = kept, made_of

    def _known(self) -> Mapping[str, Any]:
        if self._kept is None:
            self._kept = remembered(self.memory) if self.memory else {}
        return self._kept


def _read(kept: Mapping[str, Any]) -> Exposed:
    touched = kept["touched"]
    return Exposed(
        touched=Touched(
            canary=CanaryId(touched["canary"]),
            namespace=str(touched["namespace"]),
            workloads=tuple(touched["workloads"]),
            kind=str(touched["kind"]),
            routes=tuple(
                DocRef(**{**ref, "file": names.Path(ref["file"])}) for ref in touched["routes"]
            ),
            urgent=True,
        ),
        weight=str(kept["weight"]),
        commands=str(kept["commands"]),
    )


def _joined(halts: Sequence[Halt]) -> Halt:
    return Halt(
        stop=tuple(command for one in halts for command in one.stop),
        resume=tuple(command for one in halts for command in one.resume),
    )
