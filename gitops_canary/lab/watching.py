"""What the demo sees: Git and Envoy themselves, never the controller's words."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitops_canary.errors import CanaryError
from gitops_canary.lab.envoy import Envoy, Live
from gitops_canary.lab.snapshot import files, git
from gitops_canary.lab.story import CLUSTER, State, state
from gitops_canary.lab.telling import Event, Landed, Shifted


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at the origin's branch and at Envoy's live routes."""

    repository: Path
    branch: str
    envoy: Envoy
    tip: str = ""
    now: State | None = None
    live: Live | None = None

    def look(self) -> Iterator[Event]:
        """Tell what has happened since the last look, oldest first; commits before their effect.

        Raises:
            OSError: Git or Envoy does not answer.
        """
        yield from self._commits()
        live = self.envoy.live()
        before, self.live = self.live, live
        weight = live.weights.get(CLUSTER, 0)
        if before is None or before.weights.get(CLUSTER, 0) != weight:
            yield Shifted(weight=weight, revision=live.revision)

    def _commits(self) -> Iterator[Event]:
        tip = git(self.repository, "rev-parse", f"refs/heads/{self.branch}").decode().strip()
        if tip == self.tip:
            return
        span = f"{self.tip}..{tip}" if self.tip else tip
        argv = ("log", "--reverse", "--first-parent", "-z", "--format=%H%n%B", span)
        for text in git(self.repository, *argv).decode(errors="replace").split("\0"):
            revision, _, message = text.partition("\n")
            if not revision:
                continue
            try:
                self.now = state(files(self.repository, revision))
            except CanaryError as error:
                raise OSError(f"{revision[:7]} cannot be read: {error}") from error
            self.tip = revision
            yield Landed(revision=revision, message=message, state=self.now)
