"""`approve`: let a rollout pass the gate it waits at."""

from gitops_canary.app.permitting import approved
from gitops_canary.cli.asking import asks

approve = asks(
    "approve",
    approved,
    doc="Let a rollout pass the gate it waits at.",
)
