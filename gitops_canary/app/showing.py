"""A rollout's page for people who look on: made of its decisions, as the clone has them now."""

from dataclasses import dataclass, field

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.core.report import report
from gitops_canary.core.told import told
from gitops_canary.model.names import Path, Revision
from gitops_canary.ports import Git


@dataclass(slots=True)
class Showing:
    """Writes pages; asked again before anything new was decided it gives the same one."""

    git: Git
    _newest: tuple[tuple[Revision, str, int], str | None] | None = field(default=None)

    def page(self, evidence: Revision, folder: str, count: int) -> str | None:
        """Write the page of a rollout; None where no decision of it is there.

        Args:
            evidence: tip of the evidence branch.
            folder: of the rollout on it.
            count: how many decisions there should be; those that are not there are told.

        Raises:
            VerificationError: a decision cannot be read.
        """
        key = evidence, folder, count
        if self._newest is None or self._newest[0] != key:
            self._newest = key, self._written(evidence, folder, count)
        return self._newest[1]

    def _written(self, evidence: Revision, folder: str, count: int) -> str | None:
        files = self.git.files(evidence)
        names = [Path(f"{folder}/decision-{n:02}.json") for n in range(1, count + 1)]
        blobs = {name: blob.id for name in names if (blob := files.get(name))}
        bodies = self.git.read(list(blobs.values()))
        for name, known in blobs.items():
            read_decision(bodies[known], name=name)
        story = told([bodies[blobs[name]] if name in blobs else b"" for name in names])
        return report(story) if story else None
