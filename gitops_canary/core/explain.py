"""One sentence per decision, the same in commit, log and command line."""

from gitops_canary.core.text import one_line, percent
from gitops_canary.model.decision import Act, Decision
from gitops_canary.model.spec import Policy, Strategy


def ladder(policy: Policy) -> str:
    """Say in a few words how a candidate gets its traffic."""
    looks = "1 passing look" if policy.iterations == 1 else f"{policy.iterations} passing looks"
    first = "" if policy.mirror is None else f"{percent(policy.mirror)}% mirrored -> "
    match policy.strategy:
        case Strategy.AB_TEST:
            return f"all matching requests for {looks}"
        case Strategy.BLUE_GREEN:
            return f"{first}{looks} before any traffic -> 100%"
        case Strategy.WEIGHTED:
            return first + " -> ".join(f"{percent(step)}%" for step in policy.steps)


def sentence(decision: Decision) -> str:
    """Say what is done, or not done, and why; and the next command where a person is needed."""
    if isinstance(decision, Act):
        what = f"{decision.action.value}, weight {percent(decision.weight)} %"
        return one_line(f"{decision.canary}: {what}. {decision.reason}")
    text = f"{decision.canary}: {decision.wait.value}. {decision.reason}"
    return one_line(f"{text} Try: {decision.remedy}." if decision.remedy else text)
