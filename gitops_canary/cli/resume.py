"""`resume`: let a paused canary go on, or adopt the weight that a person has set."""

from gitops_canary.app.steering import resumed
from gitops_canary.cli.asking import asks

resume = asks(
    "resume",
    resumed,
    doc="Let a paused canary go on, or adopt the weight that a person has set.",
)
