"""`pause`: hold a canary where it is: nothing starts or rises, failures still roll back."""

from gitops_canary.app.steering import paused
from gitops_canary.cli.asking import asks

pause = asks(
    "pause",
    paused,
    doc="Hold a canary where it is: nothing starts or rises, failures still roll back.",
)
