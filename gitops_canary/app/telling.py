"""One sentence for each decision that changed, on standard error; never twice the same."""

import logging
from dataclasses import dataclass, field

from gitops_canary.app.by_hand import PrimaryChange
from gitops_canary.app.tick import Report
from gitops_canary.app.unmanaged import Unmanaged, told
from gitops_canary.core.explain import sentence
from gitops_canary.core.plan import Plan
from gitops_canary.manifest.bindings import nothing_below
from gitops_canary.model.decision import Act, Decision, Hold

log = logging.getLogger("gitops_canary")


@dataclass(slots=True)
class Teller:
    """Remembers what was said, only to keep quiet about it the next time."""

    _said: dict[tuple[str, str], str] = field(default_factory=dict)

    def tell(self, report: Report) -> None:
        """Log what is new in a report: pushes, changed holds, the repository's own trouble."""
        for plan in report.pushed:
            self._pushed(report.repository, plan)
        for canary, decision in sorted(report.decisions.items()):
            if isinstance(decision, Hold):
                self._hold(report.repository, decision)
            elif not any(p.act.canary == canary for p in report.pushed):
                self._say(report.repository, canary, f"{canary}: due: {sentence(decision)}")
        for change in report.unmanaged:
            self._unmanaged(report.repository, change)
        for folder in report.barren:
            text = f"{nothing_below(folder)}"
            self._say(report.repository, f"paths {folder}", text, level=logging.WARNING)
        if report.error:
            text = f"{report.error}"
            self._say(report.repository, "", text, level=logging.ERROR)
        else:
            self._said.pop((report.repository, ""), None)

    def _pushed(self, repository: str, plan: Plan) -> None:
        first_line = plan.commit.message.partition("\n")[0]
        self._said.pop((repository, plan.act.canary), None)
        log.info("%s: pushed %s", repository, first_line)

    def _unmanaged(self, repository: str, change: Unmanaged) -> None:
        if isinstance(change, PrimaryChange):
            about = f"primary of {change.canary}"
            self._say(repository, about, told(change), level=logging.WARNING)
        else:
            self._say(repository, f"{change.file}:{change.line}", told(change))

    def _hold(self, repository: str, hold: Hold) -> None:
        level = logging.WARNING if hold.alert else logging.INFO
        self._say(repository, hold.canary, sentence(hold), level=level, key=hold.wait.value)

    def _say(
        self, repository: str, about: str, text: str, *, level: int = logging.INFO, key: str = ""
    ) -> None:
        """Log a sentence unless the one before it had the same key (by default itself)."""
        mark = key or text
        if self._said.get((repository, about)) != mark:
            self._said[repository, about] = mark
            log.log(level, "%s: %s", repository, text)


def words(decision: Decision) -> str:
    """Name a decision in one word."""
    return decision.action.value if isinstance(decision, Act) else decision.wait.value
