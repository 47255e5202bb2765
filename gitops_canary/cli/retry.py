"""`retry`: let a version that was condemned or given up try again."""

from gitops_canary.app.steering import retried
from gitops_canary.cli.asking import asks

retry = asks(
    "retry",
    retried,
    doc="Let a version that was condemned or given up try again.",
)
