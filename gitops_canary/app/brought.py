"""What comes out of one look at the requests of a repository."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_canary.app.pending import held
from gitops_canary.app.pushing import Pushed
from gitops_canary.core.plan import Plan
from gitops_canary.errors import Refused
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.names import CanaryId, Path, Revision


@dataclass(slots=True)
class Brought:
    """Filled while branches and requests are brought in line with what is due."""

    main: Revision
    """The tip of the target branch, as far as we know."""
    pushed: list[Plan] = field(default_factory=list)
    waiting: dict[CanaryId, Hold] = field(default_factory=dict)
    stuck: dict[CanaryId, Refused] = field(default_factory=dict)
    """Of whose moves the forge will not tell, or will not have one taken back."""
    taken: set[Path] = field(default_factory=set)
    """Files that a request merged at this look has changed."""
    again: bool = False
    outdated: bool = False

    def result(
        self,
        tip: Revision,
        limited: Mapping[CanaryId, Hold],
        decisions: Mapping[CanaryId, Decision],
    ) -> Pushed:
        """Give it to whoever looked at `tip`; of moves that are `limited` more may be known."""
        return Pushed(
            pushed=tuple(self.pushed),
            refused={},
            again=self.again,
            tip=self.main if self.main != tip else None,
            waiting={**limited, **self.waiting, **held(self.stuck, decisions)},
            outdated=self.outdated,
        )
