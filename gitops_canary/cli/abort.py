"""`abort`: take a running rollout back: the stable state again, the version in quarantine."""

from gitops_canary.app.steering import aborted
from gitops_canary.cli.asking import asks

abort = asks(
    "abort",
    aborted,
    doc="Take a running rollout back: the stable state again, the version in quarantine.",
)
