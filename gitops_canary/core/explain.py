"""One sentence per decision, the same in commit, log and command line."""

from gitops_canary.core.text import one_line, percent
from gitops_canary.model.decision import Act, Decision


def sentence(decision: Decision) -> str:
    """Say what is done, or not done, and why; and the next command where a person is needed."""
    if isinstance(decision, Act):
        what = f"{decision.action.value}, weight {percent(decision.weight)} %"
        return one_line(f"{decision.canary}: {what}. {decision.reason}")
    text = f"{decision.canary}: {decision.wait.value}. {decision.reason}"
    return one_line(f"{text} Try: {decision.remedy}." if decision.remedy else text)
